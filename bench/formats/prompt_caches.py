"""Prompt caches of providers, as they document them, over windows that are sent one by one.

OpenAI (https://developers.openai.com/cookbook/examples/prompt_caching_201, read 2026-11-29): a hit
is an exact prefix of an earlier prompt, of 1,024 tokens and more, in steps of 128.

Anthropic (https://platform.claude.com/docs/en/build-with-claude/prompt-caching, as restated by
https://subhsen.dev/blog/prompt-cache-is-prefix-hash, read 2026-11-29): the hash of all blocks up to
a breakpoint is kept; a request finds a kept hash at its breakpoint or at one of the 20 blocks
before. Breakpoints stand behind the system's text and at the last block, as automatic caching sets
the latter. Prompts of less than 1,024 tokens are not kept.

Neither forgets anything here: what is measured is the windows.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.formats.tokens import MESSAGE_TOKENS

Json = dict[str, Any]

_LEAST_TOKENS = 1_024
_STEP_TOKENS = 128
_BLOCKS_BACK = 20


@dataclass(frozen=True)
class Block:
    """A part of a prompt: its hash with all before it, and the tokens up to its end."""

    digest: bytes
    tokens: int


class Blocks:
    """Cuts windows into blocks; remembers the tokens of what it has seen."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def of(self, window: Json) -> list[Block]:
        """Return the blocks of a window, from its beginning."""
        digest, tokens = b"", 0
        blocks = []
        for text in _texts(window):
            digest = hashlib.blake2b(digest + text.encode(), digest_size=16).digest()
            tokens += self._count(text)
            blocks.append(Block(digest, tokens))
        return blocks

    def _count(self, text: str) -> int:
        if text not in self._counts:
            self._counts[text] = count_tokens(text) + MESSAGE_TOKENS
        return self._counts[text]


def _texts(window: Json) -> Iterator[str]:
    """Yield each block as JSON: the system's text, and the messages or their blocks."""
    if window.get("system"):
        yield window["system"]
    for message in window["messages"]:
        content = message.get("content")
        if isinstance(content, list):
            for block in content:
                yield json.dumps([message["role"], block], ensure_ascii=False)
        else:
            yield json.dumps(message, ensure_ascii=False)


@dataclass
class Share:
    """How many tokens were sent, and how many of them were hits."""

    sent: int = 0
    hits: int = 0
    windows: int = 0
    misses: int = 0
    """Windows of which less than half was a hit."""

    @property
    def percent(self) -> float:
        """Return the share of hits."""
        return 100 * self.hits / max(self.sent, 1)

    def add(self, sent: int, hits: int) -> None:
        """Count a window."""
        self.sent += sent
        self.hits += hits
        self.windows += 1
        self.misses += 2 * hits < sent


@dataclass
class PrefixOfLast:
    """What of a window is a prefix of the one before it."""

    share: Share = field(default_factory=Share)
    _last: set[bytes] = field(default_factory=set)

    def send(self, blocks: Sequence[Block]) -> None:
        """Send a window."""
        hits = max((block.tokens for block in blocks if block.digest in self._last), default=0)
        if self._last:
            self.share.add(blocks[-1].tokens, hits)
        self._last = {block.digest for block in blocks}


@dataclass
class OpenAiCache:
    """Keeps the prefix of every prompt; cut at ends of messages, so it hits a little too little."""

    share: Share = field(default_factory=Share)
    _kept: set[bytes] = field(default_factory=set)

    def send(self, blocks: Sequence[Block]) -> None:
        """Send a window."""
        same = max((block.tokens for block in blocks if block.digest in self._kept), default=0)
        hits = same - same % _STEP_TOKENS if same >= _LEAST_TOKENS else 0
        self.share.add(blocks[-1].tokens, hits)
        self._kept.update(block.digest for block in blocks)


@dataclass
class AnthropicCache:
    """Keeps the hashes at breakpoints, and looks for them at the blocks before breakpoints."""

    share: Share = field(default_factory=Share)
    _kept: set[bytes] = field(default_factory=set)

    def send(self, blocks: Sequence[Block]) -> None:
        """Send a window whose first block is the system's text."""
        found = (blocks[0], *blocks[-1 - _BLOCKS_BACK :])
        hits = max((block.tokens for block in found if block.digest in self._kept), default=0)
        self.share.add(blocks[-1].tokens, hits)
        for block in (blocks[0], blocks[-1]):
            if block.tokens >= _LEAST_TOKENS:
                self._kept.add(block.digest)
