import pytest

from whisper_at_hf.features import load_encoder


@pytest.fixture
def encoder(whisper_folder):
    return load_encoder(whisper_folder)
