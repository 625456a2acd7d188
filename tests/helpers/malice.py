"""Files that would run code if they were loaded carelessly; what they run makes a canary's file."""

import json
import pickle
import shutil
from pathlib import Path

import torch
from labelled_sounds import save_tiny_whisper
from tiny import MELS, tiny_model
from transformers import WhisperFeatureExtractor

AUTO_CLASSES = (
    "AutoConfig",
    "AutoModel",
    "AutoModelForSpeechSeq2Seq",
    "AutoModelForAudioClassification",
    "AutoFeatureExtractor",
    "AutoProcessor",
)
CONFIGS = ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json", "generation_config.json")

# Imports as a configuration, so that whoever trusts it gets one.
CODE = """
open({canary!r}, "w").close()
from transformers import WhisperConfig

class Evil(WhisperConfig):
    model_type = "evil"

def generate(model, **kwargs):
    return None
"""


class Payload:
    """Pickles as a call that makes the canary's file."""

    def __init__(self, canary: Path):
        self.canary = canary

    def __reduce__(self) -> tuple:
        return (open, (str(self.canary), "w"))


def write_pickle(path: Path, canary: Path, kind: str = "torch") -> None:
    """The payload as torch's zip file ("torch"), or as a bare pickle ("pickle")."""
    content = {
        "dims": {"n_audio_head": Payload(canary)},
        "model_state_dict": {"decoder.ln.weight": Payload(canary)},
        "at_model.layer_tr.attn.query.weight": Payload(canary),
    }
    if kind == "torch":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))


def edit_json(path: Path, **values) -> None:
    """Change these values in a JSON file, which may be missing."""
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**old, **values}), encoding="utf-8")


def plant_code(folder: Path, canary: Path) -> Path:
    """Give a model's folder code, and name that code in every file where transformers looks for some."""
    code = CODE.format(canary=str(canary))
    (folder / "evil.py").write_text(code, encoding="utf-8")
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(code, encoding="utf-8")
    named = {**dict.fromkeys(AUTO_CLASSES, "evil.Evil"), "AutoTokenizer": ["evil.Evil", "evil.Evil"]}
    kernel = "attacker/kernel"
    edit_json(
        folder / "config.json",
        auto_map=named,
        custom_pipelines={"whisper-at": {"impl": "evil.Evil", "pt": ["AutoModel"]}},
        attn_implementation=kernel,
        _attn_implementation=kernel,
        _attn_implementation_internal=kernel,
    )
    for name in CONFIGS:
        edit_json(folder / name, auto_map=named, custom_generate=str(folder))
    template = "{{ cycler.__init__.__globals__.os.mkdir('" + str(canary) + "') }}"
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


def pickled_weights(folder: Path, canary: Path) -> Path:
    """Put the payload in the place of the safetensors."""
    (folder / "model.safetensors").unlink()
    write_pickle(folder / "pytorch_model.bin", canary)
    return folder


def malicious_head(folder: Path, canary: Path) -> Path:
    """A head that works, with code."""
    tiny_model().save_head("default", folder)
    return plant_code(folder, canary)


def malicious_model(folder: Path, canary: Path) -> Path:
    """A Whisper-AT that works, with code."""
    tiny_model().save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=MELS, chunk_length=2).save_pretrained(folder)
    return plant_code(folder, canary)


def malicious_whisper(folder: Path, canary: Path) -> Path:
    """A plain Whisper that works, with code."""
    save_tiny_whisper(folder)
    return plant_code(folder, canary)


def of_unknown_type(folder: Path) -> Path:
    """A copy beside it whose type only its own code knows."""
    copy = Path(shutil.copytree(folder, f"{folder}-unknown"))
    edit_json(copy / "config.json", model_type="evil")
    return copy
