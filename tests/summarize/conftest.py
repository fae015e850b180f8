"""What the tests of summarizers share."""

import asyncio
import threading

import pytest

from dialoguedb.bootstrap.summarizers import chosen_summarizer
from dialoguedb.ports.summaries import CombineRequest, SummaryRequest, SummaryTurn
from dialoguedb.settings import Secret, Settings

from .provider import ModelServer

KEY = "sk-0123456789-secret"


@pytest.fixture
def server():
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture(params=["openai", "anthropic"])
def protocol(request):
    return request.param


def turn(text, name=None, role="user", created="2026-11-22T08:00:00.000Z"):
    return SummaryTurn(role=role, name=name, text=text, created=created, tokens=len(text) // 4)


def asking(transcript, previous):
    return f"BEFORE {previous} NOW {transcript}"


def summary_of(turns, previous=None, tokens_max=100):
    return SummaryRequest(turns=turns, previous=previous, prompt=asking, tokens_max=tokens_max)


def combination_of(parts, previous=None, tokens_max=100):
    return CombineRequest(parts=parts, previous=previous, prompt=asking, tokens_max=tokens_max)


@pytest.fixture
def ask(server, protocol):
    """Summarize or combine with the model behind the server; several requests one by one."""

    def made(*requests, **settings):
        chosen = {
            "summarizer": protocol,
            "summarizer_url": server.url,
            "summarizer_model": "m",
            "summarizer_key": Secret(KEY),
            "summarizer_timeout": 10,
            **settings,
        }
        return asyncio.run(_made(chosen_summarizer(Settings(**chosen)), requests))

    return made


async def _made(summarizer, requests):
    try:
        done = []
        for request in requests:
            combines = isinstance(request, CombineRequest)
            ask = summarizer.combine if combines else summarizer.summarize
            done.append(await ask(request))
        return done[-1]
    finally:
        await summarizer.close()
