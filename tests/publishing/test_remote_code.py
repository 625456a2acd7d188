"""An exported folder works by `trust_remote_code=True` where our package is not installed."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from whisper_at_hf import InputError, WhisperATForConditionalGeneration
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.publishing import export_hub

pytestmark = [pytest.mark.real, pytest.mark.long]

# Runs in a process of its own, which knows nothing of this package: not from a path, not by an editable install.
SCRIPT = """
import json, sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "whisper_at_hf":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
try:
    import whisper_at_hf
except ModuleNotFoundError:
    pass
else:
    sys.exit("The package is there.")

import numpy as np, torch
from transformers import AutoModelForAudioClassification, AutoModelForSpeechSeq2Seq, AutoProcessor
folder, head, audio = sys.argv[1:]
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
model = AutoModelForSpeechSeq2Seq.from_pretrained(folder, trust_remote_code=True)
inputs = processor(np.load(audio), sampling_rate=16000, return_tensors="pt", return_attention_mask=True)
with torch.no_grad():
    tokens = model.generate(**inputs)
tagger = AutoModelForAudioClassification.from_pretrained(folder, trust_remote_code=True)
alone = AutoModelForAudioClassification.from_pretrained(head, trust_remote_code=True)
model.load_head(head, "again")
print(json.dumps({
    "text": processor.batch_decode(tokens, skip_special_tokens=True)[0],
    "tags": model.tag(**inputs)[0],
    "tagger's": tagger.tag(**inputs)[0],
    "again": model.tag(**inputs, head="again")[0],
    "modules": [type(loaded).__module__ for loaded in (model, tagger, alone)],
}))
"""


@pytest.fixture(scope="module")
def published(default_model, tmp_path_factory):
    """The default model's folder and its head's, as one would upload them."""
    folder = tmp_path_factory.mktemp("hub")
    export_hub(folder / "model", default_model)
    export_hub(folder / "head", default_model, head_only=True)
    return folder


def test_same_text_and_tags_without_the_package(pipe, published, tmp_path):
    audio = load_audio(sample_path())
    np.save(tmp_path / "audio.npy", audio)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_MODULES_CACHE": str(tmp_path / "modules")}
    environment.pop("PYTHONPATH", None)
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, published / "model", published / "head", tmp_path / "audio.npy"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    remote = json.loads(result.stdout.splitlines()[-1])
    assert all(module.startswith("transformers_modules.") for module in remote["modules"])
    expected = pipe(audio)
    assert remote["text"].strip() == expected["text"].strip()
    for tags in (remote["tags"], remote["again"], remote["tagger's"]):
        assert _labels(tags) == _labels(expected["audio_tags"])
        assert _scores(tags) == pytest.approx(_scores(expected["audio_tags"]), abs=1e-6)


def _labels(tags):
    return [[tag["label"] for tag in window["tags"]] for window in tags]


def _scores(tags):
    return [tag["score"] for window in tags for tag in window["tags"]]


def test_with_the_package_its_own_classes_are_taken(published):
    from transformers import pipeline

    loaded = pipeline("whisper-at", model=str(published / "model"))
    assert type(loaded.model) is WhisperATForConditionalGeneration
    assert not any(torch.isnan(parameter).any() for parameter in loaded.model.parameters())
    head = loaded.model.load_head(published / "head", "again")
    ours = loaded.model.get_head("default").state_dict()
    assert all(torch.equal(ours[name], weight) for name, weight in head.state_dict().items())


def test_an_exported_folder_is_not_overwritten_unasked(published, default_model):
    before = sorted((published / "model").iterdir())
    with pytest.raises(InputError, match="is not empty"):
        export_hub(published / "model", default_model)
    assert sorted((published / "model").iterdir()) == before
