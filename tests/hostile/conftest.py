"""Servers that are made to suffer."""

from tests.crash.conftest import anyio_backend, servers, tmp_path

__all__ = ["anyio_backend", "servers", "tmp_path"]
