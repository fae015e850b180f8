"""Serve, store and read back a message with the installed wheel; `make wheel` runs this."""

import json
import re
import signal
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from urllib.request import Request, urlopen

import dialoguedb

COMMAND = Path(sys.executable).with_name("dialoguedb")
TIMEOUT_S = 30


def call(base_url, key, method, path, body=None):
    request = Request(base_url + path, method=method, headers={"Authorization": f"Bearer {key}"})
    request.data = None if body is None else json.dumps(body).encode()
    with urlopen(request, timeout=TIMEOUT_S) as response:
        return json.load(response)


def converse(base_url, key):
    sent = {"role": "user", "content": "Grüße 👋"}
    dialogue = call(base_url, key, "POST", "/dialogue", {"message": sent})
    (message,) = call(base_url, key, "GET", f"/dialogue/{dialogue['id']}/messages")["items"]
    assert {name: message[name] for name in sent} == sent
    assert message["seq"] == 1


def try_server(server):
    named = re.search(r"is in (\S+)$", server.stdout.readline())
    assert named, "no file with a key was named"
    key = Path(named[1]).read_text().strip()
    base_url = re.search(r"http://\S+", server.stdout.readline())
    assert base_url, "no address was printed"
    converse(base_url[0], key)
    server.send_signal(signal.SIGTERM)
    assert server.wait(TIMEOUT_S) == 0


def main():
    package = Path(dialoguedb.__file__).parent
    assert package.is_relative_to(sys.prefix), f"{package} is not the installed wheel"
    assert (package / "py.typed").exists()
    assert version("dialoguedb") == dialoguedb.__version__
    with tempfile.TemporaryDirectory() as data:
        command = [str(COMMAND), "serve", "--data", data, "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            try_server(server)
        finally:
            server.kill()
    print(f"dialoguedb {dialoguedb.__version__} works as installed")  # noqa: T201 -- said to the caller


if __name__ == "__main__":
    main()
