"""Models of the library sentence-transformers, from a directory; nothing is ever downloaded."""

import hashlib
import importlib
import importlib.util
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from dialoguedb.embed.texts import Prefixes
from dialoguedb.embed.vectors import spread, unit
from dialoguedb.errors import InvalidSetting, WrongDimensions
from dialoguedb.ports.search import Vectors

_LIBRARY = "sentence_transformers"
_CONFIGURATION = "config.json"
_READ_OF_A_FILE_BYTES = 1024 * 1024


class SentenceTransformersEmbedder:
    """A model in this process; it is loaded when first needed, which takes seconds."""

    in_process = False

    def __init__(
        self,
        directory: Path,
        *,
        dimensions: int | None = None,
        prefixes: Prefixes | None = None,
        batch_size: int = 64,
    ) -> None:
        self._directory = _checked(directory)
        self.dimensions = dimensions
        self._prefixes = prefixes or Prefixes()
        self._batch_size = batch_size
        self._loading = Lock()
        size = f"/{dimensions}" if dimensions else ""
        name = f"sentence-transformers/{directory.resolve().name}-{_fingerprint(directory)}{size}"
        self.name = self._prefixes.mark(name)

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Return a row of length 1 for each text, zeros for a blank one; WrongDimensions."""
        indexes = [index for index, text in enumerate(texts) if text.strip()]
        inputs = [self._prefixes.before(texts[index], query=query) for index in indexes]
        with self._loading:
            model = self._model
        encode = model.encode_query if query else model.encode_document
        rows = encode(
            inputs or ["."],  # the dot tells how long vectors are
            batch_size=self._batch_size,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        rows = np.array(rows, np.float32)
        if self.dimensions not in {None, rows.shape[1]}:
            raise WrongDimensions(
                f"the model in {self._directory} gives {rows.shape[1]} dimensions, not the"
                f" {self.dimensions} of embedder-dimensions"
            )
        return spread(unit(rows)[: len(indexes)], indexes, len(texts))

    @cached_property
    def _model(self) -> Any:
        os.environ["HF_HUB_OFFLINE"] = "1"  # it is read at the import
        library = importlib.import_module(_LIBRARY)  # seconds, and only some want them
        return library.SentenceTransformer(
            str(self._directory), local_files_only=True, truncate_dim=self.dimensions
        )


def _checked(directory: Path) -> Path:
    if importlib.util.find_spec(_LIBRARY) is None:
        raise InvalidSetting(
            "the embedder 'sentence-transformers' needs more to be installed:"
            " pip install 'dialoguedb[sentence-transformers]'"
        )
    if not (directory / _CONFIGURATION).is_file():
        raise InvalidSetting(
            f"{directory} is no directory of a model: it holds no {_CONFIGURATION};"
            " models are not downloaded"
        )
    return directory


def _fingerprint(directory: Path) -> str:
    """Tell models apart that are in directories of the same name, by how their files begin."""
    seen = hashlib.blake2b(digest_size=4)
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        seen.update(f"{path.relative_to(directory).as_posix()} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            seen.update(file.read(_READ_OF_A_FILE_BYTES))
    return seen.hexdigest()
