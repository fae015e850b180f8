"""Windows of the sample conversations; the tests run by `make formats`, beside what reads them."""

from importlib.util import find_spec

import pytest

from bench.formats.samples import SAMPLES
from bench.formats.windows import opened

IS_COMPLETE = all(map(find_spec, ("transformers", "litellm", "mistral_common", "unearth")))
collect_ignore_glob = [] if IS_COMPLETE else ["test_*"]


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """Open an engine that holds the sample conversations."""
    with opened(tmp_path_factory.mktemp("windows")) as source:
        for sample in SAMPLES:
            source.store(sample.name, sample.messages)
        yield source


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.name)
def sample(request):
    """Give every sample conversation in turn."""
    return request.param
