"""gradio is asked for by name where it is missing, and told to report nothing where it is not."""

import os
import sys

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.demo.library import import_gradio


def test_without_gradio(monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(InputError, match=r'^The demo needs gradio; run pip install "whisper-at-hf\[demo\]".$'):
        import_gradio()


def test_nothing_is_reported_and_nothing_kept(monkeypatch):
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    monkeypatch.delenv("GRADIO_RUN_HISTORY", raising=False)
    gradio = import_gradio()
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == os.environ["GRADIO_RUN_HISTORY"] == "False"
    assert not gradio.analytics.analytics_enabled()
