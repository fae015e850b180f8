"""Labels of one's own data, and what a search finds of them."""

import json

import pytest

TEA = "The kettle is on the top shelf"
BIKE = "My bicycle needs a new chain"


@pytest.fixture
def filled(commands):
    """Return commands on two dialogues, one of which lies in a namespace, and a memory."""
    for own_id, text, words in (("d", TEA, []), ("e", BIKE, ["--namespace", "ada"])):
        commands.at("dialogue", "create", "--id", own_id, "--label", own_id, *words)
        message = ["--id", "m", "--role", "user", "--content", text]
        commands.at("message", "add", own_id, *message, *words)
    commands.at("memory", "create", "--id", "r", "--value", "Prefers green tea")
    return commands


def write(commands, *labels, name="labels.jsonl"):
    lines = [one if isinstance(one, str) else json.dumps(one) for one in labels]
    (commands.directory / name).write_text("\n".join(lines))


def means(record):
    return {one["measure"]: one["mean"] for one in record["measures"]}


def labelled(commands, name="labels.jsonl"):
    return [json.loads(line) for line in (commands.directory / name).read_text().splitlines()]


def test_labels_written_by_hand_are_measured(filled):
    write(
        filled,
        {"query": "where is the kettle", "relevant": ["d/m"]},
        "",
        {"query": "bicycle", "namespace": "ada", "relevant": ["e/m"]},
        {"query": "drinks", "object": "memory", "relevant": ["r"]},
        {"query": "kettle", "object": "dialogue", "relevant": ["d"]},
        {"query": "nothing", "relevant": []},
    )
    ended = filled.run("eval", "run", "labels.jsonl")
    assert ended.code == 0
    assert (ended.record["queries"], ended.record["compared"]) == (4, 0)
    assert means(ended.record) == {"R@5": 1, "R@10": 1, "R@50": 1, "MRR": 1}
    assert "1 queries have nothing relevant" in ended.err


def test_what_is_not_found_counts_and_what_is_gone_does_not(filled):
    write(
        filled,
        {"query": "kettle", "namespace": "", "relevant": ["d/m", "d/gone", "no/m"]},
        {"query": "kettle", "namespace": "ada", "relevant": ["e/m"]},
    )
    ended = filled.run("eval", "run", "labels.jsonl", "--mode", "keyword")
    assert means(ended.record)["R@5"] == 0.5
    assert "2 relevant objects are not stored any more" in ended.err


def test_what_may_be_of_another_namespace_counts_as_not_found(filled):
    write(filled, {"query": "kettle", "relevant": ["d/m", "e/m"]})
    ended = filled.run("eval", "run", "labels.jsonl", "--mode", "keyword")
    assert means(ended.record)["R@50"] == 0.5
    assert "1 relevant objects were not found, and are not in the default namespace" in ended.err


def test_lines_of_one_query_are_joined(filled):
    write(
        filled,
        {"query": "kettle", "relevant": ["d/m"]},
        {"query": "kettle", "relevant": ["e/m", "d/m"]},
    )
    record = filled.at("eval", "run", "labels.jsonl", "--mode", "keyword")
    assert (record["queries"], means(record)["R@50"]) == (1, 0.5)


def test_a_result_is_compared_with_an_earlier_one(filled):
    write(
        filled,
        {"query": "drinks", "object": "memory", "relevant": ["r"]},
        {"query": "kettle", "relevant": ["d/m"]},
    )
    filled.at("eval", "run", "labels.jsonl", "--mode", "keyword", "--save", "before.json")
    record = filled.at("eval", "run", "labels.jsonl", "--against", "before.json")
    assert record["compared"] == 2
    found = {one["measure"]: one for one in record["measures"]}["R@5"]
    assert (found["before"], found["mean"], found["difference"]) == (0.5, 1, 0.5)
    assert found["differenceLow"] == 0
    assert found["differenceHigh"] == 1
    write(filled, {"query": "kettle", "relevant": ["d/m"]}, name="fewer.jsonl")
    ended = filled.run("eval", "run", "fewer.jsonl", "--against", "before.json")
    assert "1 of the queries are in both results" in ended.err
    seen = filled.seen("eval", "run", "labels.jsonl", "--against", "before.json")
    assert "+0.500" in seen
    assert "+0.000 to +1.000" in seen


def test_a_label_stands_on_a_line_of_its_own(filled):
    write(filled, {"query": "kettle", "relevant": ["d/m"]})
    words = ["eval", "label", "labels.jsonl", "bicycle", "--namespace", "ada"]
    ended = filled.run(*words, stdin="none\nm\n1\n")
    assert ended.err.count("is neither a position nor dialogue/message") == 2
    assert [one["relevant"] for one in labelled(filled)] == [["d/m"], ["e/m"]]
    assert filled.at("eval", "run", "labels.jsonl", "--mode", "keyword")["queries"] == 2


def test_a_person_labels_what_is_shown(filled):
    answers = "where is the kettle\n9\n1\nbicycle chain\n?\nnobody says this\n\n\n"
    ended = filled.run("eval", "label", "labels.jsonl", stdin=answers)
    assert ended.code == 0
    assert TEA in ended.out
    assert "9 is none of 1 to 2" in ended.err
    assert labelled(filled) == [
        {"query": "where is the kettle", "relevant": ["d/m"]},
        {"query": "nobody says this", "relevant": []},
    ]
    words = ["eval", "label", "labels.jsonl", "tea", "--object", "memory"]
    assert filled.run(*words, stdin="1, other\n").code == 0
    added = {"query": "tea", "relevant": ["r", "other"], "object": "memory"}
    assert labelled(filled)[-1] == added
    words = ["eval", "label", "labels.jsonl", "chain", "--object", "dialogue", "--namespace", "ada"]
    assert filled.run(*words, stdin="1-1\n").code == 0
    assert labelled(filled)[-1]["relevant"] == ["e"]
    assert labelled(filled)[-1]["namespace"] == "ada"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nonsense", "line 1 of labels.jsonl is no label"),
        ('{"query": "q"}', "required field `relevant`"),
        ('{"query": "q", "relevant": ["m"]}', "messages are named dialogue/message"),
        ('{"query": "q", "relevant": [], "objct": "memory"}', "unknown field `objct`"),
        ('{"query": "q", "relevant": []}', "no query with something relevant"),
    ],
)
def test_a_wrong_label_names_its_line(line, problem, filled):
    write(filled, line)
    ended = filled.run("eval", "run", "labels.jsonl")
    assert ended.code == 1
    assert problem in ended.err


def test_files_that_are_something_else_are_refused(filled):
    ended = filled.run("eval", "run", "missing.jsonl")
    assert (ended.code, "There is no missing.jsonl" in ended.err) == (1, True)
    write(filled, {"query": "kettle", "relevant": ["d/m"]})
    ended = filled.run("eval", "run", "labels.jsonl", "--against", "labels.jsonl")
    assert ended.code == 1
    assert "labels.jsonl is no result of dialoguedb eval" in ended.err
