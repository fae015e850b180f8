"""What goes over the wire beside well-formed requests: chunks, pipelines, broken heads."""

from tools.recording.recorder import Recorder

_HOST = b"Host: localhost\r\n"
_TOO_LONG = 36 * 1024 * 1024 + 1


def play(recorder: Recorder) -> None:
    """Write to sockets."""
    api = recorder.project("wire")
    key = f"Authorization: Bearer {api.key}\r\n".encode()
    start = _HOST + key
    _bodies(recorder, start)
    _pipelines(recorder, start)
    _heads(recorder, start)
    api.get("/dialogue?order=asc")


def _bodies(recorder: Recorder, start: bytes) -> None:
    chunked = b"POST /dialogue HTTP/1.1\r\n" + start + b"Transfer-Encoding: chunked\r\n\r\n"
    recorder.raw(chunked + b'6\r\n{"id":\r\n4\r\n"c"}\r\n0\r\n\r\n')
    recorder.raw(chunked + b"2\r\n{x\r\n0\r\n\r\n")
    recorder.raw(chunked + b"0\r\n\r\n")
    recorder.raw(chunked + b"zz\r\n")
    for target in (b"/dialogue", b"/nothing", b"/health"):
        long = b"Content-Length: %d\r\n\r\n" % _TOO_LONG
        recorder.raw(b"POST " + target + b" HTTP/1.1\r\n" + start + long)
    length = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % _TOO_LONG
    recorder.raw(b"POST /dialogue HTTP/1.1\r\n" + start + length)
    unread = b"Content-Length: 70000\r\n\r\n"
    recorder.raw(b"POST /nothing HTTP/1.1\r\n" + start + unread)
    recorder.raw(b"POST /dialogue HTTP/1.1\r\n" + _HOST + unread)
    recorder.raw(b"POST /nothing HTTP/1.1\r\n" + start + b"Transfer-Encoding: chunked\r\n\r\n")


def _pipelines(recorder: Recorder, start: bytes) -> None:
    def request(method: bytes, target: bytes, body: bytes = b"") -> bytes:
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        return method + b" " + target + b" HTTP/1.1\r\n" + start + length + body

    # Of what is answered to one pipeline, only one response tells a time: those of several could be
    # the same or not.
    state = b"/dialogue/p/state"
    changes = [request(b"PUT", state, b'{"n":%d}' % number) for number in range(5)]
    ahead = [request(b"POST", b"/dialogue", b'{"id":"p"}'), *changes, request(b"GET", state)]
    recorder.raw(b"".join([*ahead, request(b"DELETE", b"/dialogue/p")]), count=8)
    recorder.raw(request(b"GET", b"/health") + request(b"POST", b"/dialogue", b"{nonsense"), 2)
    recorder.raw(request(b"POST", b"/nothing", b'{"a":1}') + request(b"GET", b"/ready"), 2)
    recorder.raw(request(b"GET", b"/health") + b"nonsense\r\n\r\n", count=3)
    recorder.raw(request(b"GET", b"/health") + b"GET /a b HTTP/1.1\r\n\r\n", count=3)


def _heads(recorder: Recorder, start: bytes) -> None:
    for sent in (
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n" + _HOST + b"\r\n",
        b"get /health HTTP/1.1\r\n" + _HOST + b"\r\n",
        b"BREW /health HTTP/1.1\r\n" + _HOST + b"\r\n",
        b"GET /health HTTP/1.0\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET /health HTTP/1.1\r\nBad name: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + _HOST + b"Content-Length: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + _HOST + b"Content-Length: -1\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + _HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + _HOST + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"CONNECT localhost:1 HTTP/1.1\r\n" + _HOST + b"\r\n",
        b"GET /dialogue/\xc3\xa9 HTTP/1.1\r\n" + start + b"\r\n",
        b"GET /dialogue/\xff?namespace=\xc3\xa9 HTTP/1.1\r\n" + start + b"\r\n",
        b"GET /dialogue/a b HTTP/1.1\r\n" + start + b"\r\n",
        b"GET dialogue HTTP/1.1\r\n" + start + b"\r\n",
        b"GET * HTTP/1.1\r\n" + start + b"\r\n",
        b"GET /dialogue HTTP/1.1\r\n" + start + start + b"\r\n",
        b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 201 + b"\r\n",
        b"GET /health HTTP/1.1\r\nX: <repeat x 70000>\r\n\r\n",
        b"GET /<repeat x 70000> HTTP/1.1\r\n" + _HOST + b"\r\n",
        b"HEAD /health HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n",
        b"\r\n\r\nGET /health HTTP/1.1\r\n" + _HOST + b"\r\n",
    ):
        recorder.raw(sent)
