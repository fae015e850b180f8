"""The embedder that is built in."""

import hashlib
import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from dialoguedb.embed.texts import CHARACTERS_MAX
from dialoguedb.embed.wordllama import DIMENSIONS, WordLlama
from dialoguedb.errors import InvalidSetting

TEXTS = [
    "I was charged twice for the same month",
    "The hike to the waterfall took three hours.",
    "Wie komme ich vom Bahnhof zum Hotel?",
    "Где находится ближайшая аптека?",
    "你好，今天天气怎么样？",
    "שלום עולם",
    "🙂🎻",
]

OFFLINE = """
import sys
def refuse(event, _):
    if event.startswith("socket."):
        raise AssertionError(event)
sys.addaudithook(refuse)
from dialoguedb.embed.wordllama import WordLlama
assert WordLlama().embed(["hello"]).any()
loaded = {name.partition(".")[0] for name in sys.modules}
print(*sorted(loaded & {"wordllama", "huggingface_hub", "requests", "pydantic", "httpx2"}))
"""


def package():
    spec = importlib.util.find_spec("wordllama")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


@pytest.fixture(scope="module")
def embedder():
    return WordLlama()


def test_a_text_has_a_vector_of_length_1(embedder):
    rows = embedder.embed(TEXTS)
    assert rows.shape == (len(TEXTS), DIMENSIONS)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("blank", ["", " ", "\n\t  ", "\u3000"])
def test_a_blank_text_is_zeros(blank, embedder):
    rows = embedder.embed(["word", blank])
    assert rows[0].any()
    assert not rows[1].any()


def test_no_texts_have_no_rows(embedder):
    assert embedder.embed([]).shape == (0, DIMENSIONS)


def test_near_means_alike(embedder):
    query, *texts = embedder.embed(
        ["billing issue", TEXTS[0], TEXTS[1], "My dog learned a new trick"]
    )
    assert np.argmax([query @ text for text in texts]) == 0


def test_texts_that_are_not_latin_are_told_apart(embedder):
    rows = embedder.embed(["我喜欢吃苹果", "我爱吃苹果", "银行今天关门"])
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_the_matrix_is_the_one_that_stored_vectors_were_made_with():
    file = package() / "weights" / "l2_supercat_256.safetensors"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest == "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5"


def test_a_vector_is_the_mean_of_the_vectors_of_the_packages_tokens(embedder):
    [matrix] = load_file(package() / "weights" / "l2_supercat_256.safetensors").values()
    tokenizer = Tokenizer.from_file(
        str(package() / "tokenizers" / "l2_supercat_tokenizer_config.json")
    )
    for text, row in zip(TEXTS, embedder.embed(TEXTS), strict=True):
        mean = matrix[tokenizer.encode(text, add_special_tokens=False).ids].mean(0, np.float32)
        np.testing.assert_allclose(row, mean / np.linalg.norm(mean), atol=1e-5)


def test_a_vector_depends_on_nothing_but_its_text(embedder):
    together = embedder.embed(TEXTS)
    embedder.embed([f"word{number} " * 8 for number in range(50_000)])  # more than it remembers
    alone = np.concatenate([WordLlama().embed([text], query=True) for text in TEXTS])
    assert np.array_equal(together, alone)


def test_threads_do_not_disturb_one_another(embedder):
    texts = [f"{text} {number}" for number in range(300) for text in TEXTS]
    with ThreadPoolExecutor(4) as threads:
        rows = np.concatenate(list(threads.map(lambda text: embedder.embed([text]), texts)))
    assert np.array_equal(rows, embedder.embed(texts))


def test_of_a_very_long_text_the_beginning_is_embedded(embedder):
    text = "one two three " * 100_000
    assert np.array_equal(embedder.embed([text]), embedder.embed([text[:CHARACTERS_MAX]]))


@pytest.mark.parametrize("unit", ["🙂", "龘", "x", "\ud83d", "\0", "▁", "</s>", "a\n"])
def test_any_long_run_of_characters_is_embedded(unit, embedder):
    assert np.linalg.norm(embedder.embed([unit * CHARACTERS_MAX])) == pytest.approx(1)


def test_it_opens_no_socket_and_loads_no_code_of_the_package():
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


def test_without_the_package_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "wordllama", None)
    with pytest.raises(InvalidSetting, match="install 'wordllama' again"):
        WordLlama()


def test_without_the_packages_files_it_names_them(monkeypatch, tmp_path):
    (tmp_path / "wordllama").mkdir()
    (tmp_path / "wordllama" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InvalidSetting, match=r"l2_supercat_256\.safetensors"):
        WordLlama()


@pytest.mark.parametrize(
    ("query", "least", "most"),
    [
        ("What did Ada say about the invoice?", 1, 1),
        ("parcel", 1, 1),
        ("¿Cuántos puntos dejaron escapar en defensa los Panthers?", 0.1, 0.3),
        ("Сколько очков уступила защита Пэнтерс вчера?", 0.1, 0.3),
        ("كم نقطة تخلى عنها دفاع البانثرز؟", 0, 0.1),
        ("黑豹队的防守丢了多少分", 0, 0.1),
        ("पैंथर्स डिफ़ेंस ने कितने अंक दिए?", 0, 0.1),
        ("", 0, 1),
    ],
)
def test_it_tells_how_well_it_knows_a_language(query, least, most, embedder):
    assert least <= embedder.familiarity(query.split()) <= most
