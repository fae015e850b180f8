"""Connections to a server: limits and TLS."""

import ssl

import httpx2

from dialoguedb.client.options import ConnectionOptions

LIMITS = httpx2.Limits(
    max_connections=100,
    max_keepalive_connections=20,
    keepalive_expiry=30,  # below the server's own 75 s, so that it is not the one to hang up
)


def tls_context(options: ConnectionOptions) -> ssl.SSLContext:
    """Return what checks the server's certificate; reading the authorities takes 20 ms."""
    if options.tls is not None:
        return options.tls
    if options.endpoint.startswith("https:"):
        return httpx2.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
