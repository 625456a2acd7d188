"""What the tab's parts do with models of other kinds than those that the page is served with in other tests."""

import json
from pathlib import Path

import pytest
import soundfile
import srt
from sounds import RATE, sine
from tiny import head_config, tiny_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.demo import build_demo
from whisper_at_hf.demo.models import DemoModel, DemoModels
from whisper_at_hf.pipeline import WhisperATPipeline


@pytest.fixture
def transcribe(monkeypatch, tmp_path):
    """The page's function, with a model that only tags: whatever it hears is rain."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "kept"))
    head = head_config(["Rain"], window_length_s=0.8, thresholds={"Rain": 0.0})
    model = tiny_model(WhisperATForAudioClassification, heads={"default": head})
    extractor = WhisperFeatureExtractor(feature_size=8, chunk_length=2)
    pipe = WhisperATPipeline(model, feature_extractor=extractor, tokenizer=None, device="cpu")
    demo = build_demo(DemoModels([DemoModel("tagger", pipe)]))
    return next(function.fn for function in demo.fns.values() if function.api_name == "transcribe")


def test_a_model_that_only_tags(transcribe, tmp_path):
    path = tmp_path / "tone.wav"
    soundfile.write(path, sine(3), RATE)
    latest, text, timeline, *files = transcribe(str(path), "tagger", "default", None, "sdh")
    assert text == "" and "<iframe" in timeline
    assert "rain" in " ".join(cue.content for cue in srt.parse(Path(files[0]).read_text())).lower()
    assert json.loads(Path(files[3]).read_text())["audio_events"][0]["label"] == "Rain"
    assert "event_scores" not in latest[0]
