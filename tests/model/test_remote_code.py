"""A saved folder works by `trust_remote_code=True` where our package is not installed."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.real

# Runs in a process of its own, in which importing our package fails as if it were not installed.
SCRIPT = """
import json, sys
sys.modules["whisper_at_hf"] = None
import numpy as np, torch
from transformers import AutoModelForSpeechSeq2Seq, AutoProcessor
folder, audio = sys.argv[1:]
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
model = AutoModelForSpeechSeq2Seq.from_pretrained(folder, trust_remote_code=True)
inputs = processor(np.load(audio), sampling_rate=16000, return_tensors="pt", return_attention_mask=True)
with torch.no_grad():
    tokens = model.generate(**inputs)
text = processor.batch_decode(tokens, skip_special_tokens=True)[0]
print(json.dumps({"text": text, "tags": model.tag(**inputs)[0], "module": type(model).__module__}))
"""


@pytest.fixture
def published(pipe, tmp_path, monkeypatch):
    """The default model's folder as one would upload it."""
    from whisper_at_hf import WhisperATConfig, WhisperATForAudioClassification, WhisperATForConditionalGeneration

    classes = {
        WhisperATConfig: "AutoConfig",
        WhisperATForConditionalGeneration: "AutoModelForSpeechSeq2Seq",
        WhisperATForAudioClassification: "AutoModelForAudioClassification",
    }
    for cls, auto_class in classes.items():
        monkeypatch.setattr(cls, "_auto_class", None)  # restored after the test
        cls.register_for_auto_class(auto_class)
    pipe.save_pretrained(tmp_path / "published")
    return tmp_path / "published"


def test_same_text_and_tags_without_the_package(pipe, published, tmp_path):
    from whisper_at_hf.audio import load_audio
    from whisper_at_hf.conversion.default_model import sample_path

    audio = load_audio(sample_path())
    np.save(tmp_path / "audio.npy", audio)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_MODULES_CACHE": str(tmp_path / "modules")}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, published, tmp_path / "audio.npy"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    remote = json.loads(result.stdout.splitlines()[-1])
    assert remote["module"].startswith("transformers_modules.")
    expected = pipe(audio)
    assert remote["text"].strip() == expected["text"].strip()
    assert [[tag["label"] for tag in window["tags"]] for window in remote["tags"]] == [
        [tag["label"] for tag in window["tags"]] for window in expected["audio_tags"]
    ]
    for ours, theirs in zip(remote["tags"], expected["audio_tags"], strict=True):
        assert [t["score"] for t in ours["tags"]] == pytest.approx([t["score"] for t in theirs["tags"]], abs=1e-5)


def test_published_folder_still_prefers_the_installed_package(published):
    from transformers import pipeline

    from whisper_at_hf import WhisperATForConditionalGeneration

    pipe = pipeline("whisper-at", model=str(published))
    assert type(pipe.model) is WhisperATForConditionalGeneration
    assert not any(torch.isnan(parameter).any() for parameter in pipe.model.parameters())
