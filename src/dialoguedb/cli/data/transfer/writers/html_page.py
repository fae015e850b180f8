"""Marks up a page in HTML that needs nothing but itself: no script, no network."""

from html import escape

from dialoguedb.cli.data.transfer.writers.pages import Facts, in_line, shown
from dialoguedb.formats.parts import Attachment
from dialoguedb.formats.writers.shown_parts import is_fetchable

_STYLE = """
:root { color-scheme: light dark; --line: #d4d4d8; --dim: #52525b; --back: #fff; --card: #f4f4f5;
  --ink: #18181b; --user: #15803d; --assistant: #0e7490; }
@media (prefers-color-scheme: dark) { :root { --line: #3f3f46; --dim: #a1a1aa; --back: #18181b;
  --card: #27272a; --ink: #e4e4e7; --user: #4ade80; --assistant: #22d3ee; } }
body { margin: 0 auto; max-width: 50rem; padding: 1rem; background: var(--back); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
section { border-top: 1px solid var(--line); margin-top: 2rem; }
article { border-left: 3px solid var(--line); margin: 1rem 0; padding-left: 1rem; }
article.User { border-color: var(--user); } article.Assistant { border-color: var(--assistant); }
h3 { font-size: 1rem; margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dt, .facts, summary { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
.facts, dl, summary { font-size: .85rem; } .facts span { margin-right: 1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; margin: .5rem 0;
  font: inherit; }
details { background: var(--card); border-radius: .25rem; margin: .5rem 0; padding: .25rem .75rem; }
details pre { font: .85rem/1.4 ui-monospace, monospace; }
summary { cursor: pointer; } img { max-width: 100%; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class Html:
    """Marks up in HTML; what can be long is folded."""

    def head(self, title: str) -> str:
        """Begin the page."""
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{_line(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
            f"<h1>{_line(title)}</h1>\n"
        )

    def dialogue(self, title: str, facts: Facts) -> str:
        """Begin a dialogue or a memory."""
        listed = "".join(
            f"<dt>{_line(name)}</dt><dd><bdi>{_line(value)}</bdi></dd>\n" for name, value in facts
        )
        return f"<section>\n<h2><bdi>{_line(title)}</bdi></h2>\n<dl>\n{listed}</dl>\n"

    def message(self, speaker: str, facts: Facts) -> str:
        """Begin a message."""
        role = speaker.partition(":")[0]
        kind = f' class="{role}"' if role in {"User", "Assistant"} else ""
        named = (f"{name}: {value}" if name else value for name, value in facts)
        listed = "".join(f"<span><bdi>{_line(one)}</bdi></span>" for one in named)
        heading = f"<h3><bdi>{_line(speaker)}</bdi></h3>"
        return f'<article{kind}>\n{heading}\n<div class="facts">{listed}</div>\n'

    def text(self, text: str) -> str:
        """Return a text, exactly as it is."""
        return f"<pre>\n{escape(shown(text))}</pre>\n"  # a parser drops the first line break

    def folded(self, title: str, inner: str) -> str:
        """Return marked up content that a click shows."""
        summary = f"<summary><bdi>{_line(title)}</bdi></summary>"
        return f"<details>{summary}\n{inner}</details>\n"

    def image(self, image: Attachment) -> str:
        """Return an image whose bytes the page can hold; empty for any other."""
        if image.kind != "image" or not image.data or not is_fetchable(image):
            return ""
        source = escape(f"data:{image.media_type};base64,{image.data}")
        return f'<p><img src="{source}" alt="{_line(image.name or image.text)}"></p>\n'

    def end_of_message(self) -> str:
        """End a message."""
        return "</article>\n"

    def end_of_dialogue(self) -> str:
        """End a dialogue or a memory."""
        return "</section>\n"

    def foot(self) -> str:
        """End the page."""
        return "</body>\n</html>\n"


def _line(text: str) -> str:
    """Return a text for the middle of a line, also for an attribute."""
    return escape(in_line(text))
