"""A tiny tagger."""

import pytest
from archives import save_tagger


@pytest.fixture(scope="session")
def tagger(tmp_path_factory):
    return save_tagger(tmp_path_factory.mktemp("tagger"))
