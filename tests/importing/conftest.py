"""What the tests of other programs' files ask for."""

import json

import pytest

from tests.cli.commands import Commands


class Imports:
    """Files of programs, imported into a directory by the commands, in this process."""

    def __init__(self, directory):
        self.directory = directory
        self.commands = Commands(directory, ["--data", "data"], {})

    def write(self, name, content):
        """Write a file: lines of a list, a document of anything else, a text as it is."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            text = content
        elif name.endswith(".jsonl"):
            text = "".join(json.dumps(line) + "\n" for line in content)
        else:
            text = json.dumps(content, indent=1)
        path.write_text(text)
        return path

    def read(self, path, *words):
        """Import a file twice, which has to be the same as once; returns the counts."""
        counts = [self.commands.at("import", path, *words) for _ in range(2)]
        assert counts[0] == counts[1]
        assert counts[0]["failed"] == 0
        return counts[0]

    def dialogue(self, own_id):
        return self.commands.at("dialogue", "get", own_id)

    def messages(self, own_id):
        return self.commands.at("message", "list", own_id)["items"]

    def window(self, own_id, dialect="openai"):
        """Return the messages of a window, which has to be without issues."""
        words = ["--max-tokens", "9999", "--format", dialect]
        window = self.commands.at("dialogue", "context", own_id, *words)
        assert window["issues"] == []
        return window["messages"]

    def talk(self, own_id):
        """Return who says what in the window of a dialogue: texts, calls and results."""
        return [line for message in self.window(own_id) for line in _spoken(message)]


def _spoken(message):
    role, content = message["role"], message["content"]
    texts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    for part in texts:
        if shown := part.get("text", part["type"]):
            yield role, shown
    for call in message.get("tool_calls", ()):
        yield "call", call["function"]["name"], json.loads(call["function"]["arguments"])


@pytest.fixture
def imports(tmp_path):
    return Imports(tmp_path)


_MOVING = (
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GEMINI_CLI_HOME",
    "QWEN_HOME",
    "QWEN_RUNTIME_DIR",
    "CLINE_DIR",
    "CLINE_DATA_DIR",
    "PI_CODING_AGENT_DIR",
    "PI_CODING_AGENT_SESSION_DIR",
    "XDG_DATA_HOME",
    "OPENCODE_DB",
    "LLM_USER_PATH",
)


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def machine(tmp_path, home):
    """Call commands as a user whose home is empty."""
    usual = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    return Commands(tmp_path, ["--data", "data"], usual | dict.fromkeys(_MOVING, ""))
