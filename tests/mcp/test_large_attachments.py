"""Files of 20 MB, through the tools and back."""

import json
from base64 import b64encode
from random import Random

import pytest

pytestmark = pytest.mark.anyio

SIZE = 20_000_000


async def test_an_image_is_stored_and_read_through_the_tools(agent):
    data = b64encode(b"\x89PNG\r\n\x1a\n" + Random(7).randbytes(SIZE)).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    content = [{"type": "text", "text": "Here"}, {"type": "image", "source": source}]
    message = {"role": "user", "content": content}
    saved = await agent.ask("save", messages=[message])
    arguments = {"sessionId": saved["sessionId"], "namespace": agent.namespace}
    found = await agent.client.call_tool("dialoguedb_list_messages", arguments)
    (shown,) = found.structured_content["messages"]
    assert shown["content"] == content
    (block,) = found.content
    (shown,) = json.loads(block.text)["messages"]
    assert shown["content"][0] == content[0]
    assert shown["content"][1]["source"]["data"] == f"{data[:40]}… ({len(data):,} characters)"


@pytest.mark.parametrize("kind", ["image", "audio", "resource"])
async def test_what_a_tool_of_the_protocol_returned_is_stored(agent, kind):
    data = b64encode(Random(7).randbytes(SIZE)).decode()
    block = {
        "image": {"type": "image", "mimeType": "image/webp", "data": data},
        "audio": {"type": "audio", "mimeType": "audio/wav", "data": data},
        "resource": {
            "type": "resource",
            "resource": {"uri": "file:///a.pdf", "mimeType": "application/pdf", "blob": data},
        },
    }[kind]
    saved = await agent.ask("save", messages=[{"role": "user", "content": "Here"}])
    session = saved["sessionId"]
    added = await agent.ask("add_message", sessionId=session, role="tool", content=[block])
    found = await agent.ask("search", query="Here", searchMessages=True)
    assert len(json.dumps(found)) < 10_000
    assert found["dialogues"][0]["messageCount"] == 2
    assert added["messageId"]


@pytest.mark.parametrize(
    "text",
    ["word " * 20_000, "句子没有空格" * 20_000, "<b>no-space</b>" * 5_000, "A" * 16_000],
    ids=["words", "letters without spaces", "markup", "short"],
)
async def test_what_is_no_file_is_told_whole(agent, text):
    saved = await agent.ask("save", messages=[{"role": "user", "content": text}])
    arguments = {"sessionId": saved["sessionId"], "namespace": agent.namespace}
    found = await agent.client.call_tool("dialoguedb_list_messages", arguments)
    (block,) = found.content
    assert json.loads(block.text) == found.structured_content
