import os
from pathlib import Path

import pytest
import torch
from conversion_checks import logits
from random_heads import random_original_head
from transformers import AutoModelForSpeechSeq2Seq, AutoProcessor

from whisper_at_hf import TLTRConfig, TLTRForAudioClassification, WhisperATForConditionalGeneration
from whisper_at_hf.conversion import convert, load_head, load_whisper
from whisper_at_hf.errors import InputError


@pytest.fixture
def head_file(tmp_path):
    """A head of 3 outputs that fits the `whisper` fixture, under the original's names."""
    state = {name: torch.from_numpy(values) for name, values in random_original_head(24, labels=3).items()}
    torch.save(state, tmp_path / "head.pth")
    return tmp_path / "head.pth"


def save_head(folder, **kwargs):
    config = TLTRConfig(**{"encoder_layers": 2, "d_model": 24, "id2label": {0: "Dog", 1: "Rain"}} | kwargs)
    TLTRForAudioClassification(config).save_pretrained(folder)
    return folder


def test_ctranslate2_with_an_original_head(ctranslate2_folder, head_file, whisper, tmp_path):
    output = convert(ctranslate2_folder, tmp_path / "deep" / "model", head=head_file, labels=["a", "b", "c"])
    model = AutoModelForSpeechSeq2Seq.from_pretrained(output)
    assert isinstance(model, WhisperATForConditionalGeneration)
    assert torch.equal(logits(model), logits(whisper))
    assert model.generation_config.suppress_tokens == [1, 2]
    assert AutoProcessor.from_pretrained(output).tokenizer.pad_token_id == 50256
    assert list(model.config.heads) == ["default"]
    assert model.config.id2label == {0: "a", 1: "b", 2: "c"}
    expected = load_head(head_file, whisper.config).state_dict()
    assert all(torch.equal(weight, expected[name]) for name, weight in model.get_head().state_dict().items())
    assert os.listdir(output.parent) == ["model"]


def test_without_a_head(ctranslate2_folder, whisper, tmp_path):
    model = WhisperATForConditionalGeneration.from_pretrained(convert(ctranslate2_folder, tmp_path / "model"))
    assert model.config.heads == {}
    assert torch.equal(logits(model), logits(whisper))


def test_transformers_folder_and_own_folder_keep_everything(ctranslate2_folder, whisper, tmp_path):
    plain, processor = load_whisper(ctranslate2_folder)
    plain.save_pretrained(tmp_path / "plain")
    processor.save_pretrained(tmp_path / "plain")
    first = convert(tmp_path / "plain", tmp_path / "first", head=save_head(tmp_path / "head"), head_name="sounds")
    second = convert(first, tmp_path / "second", head=save_head(tmp_path / "other", aggregation="last"), head_name="b")
    model = WhisperATForConditionalGeneration.from_pretrained(second)
    assert torch.equal(logits(model), logits(whisper))
    assert set(model.config.heads) == {"sounds", "b"}
    assert model.config.default_head == "sounds"
    assert model.generation_config.alignment_heads == [[1, 0]]
    expected = TLTRForAudioClassification.from_pretrained(tmp_path / "head").state_dict()
    assert all(torch.equal(weight, expected[name]) for name, weight in model.get_head("sounds").state_dict().items())
    with pytest.raises(InputError, match="second is a Whisper-AT already"):
        load_whisper(second)


def test_folder_of_a_trainer_gets_processor_and_generation_config(ctranslate2_folder, whisper, tmp_path):
    load_whisper(ctranslate2_folder)[1].save_pretrained(tmp_path / "processor")
    whisper.save_pretrained(tmp_path / "checkpoint-1")
    (tmp_path / "checkpoint-1" / "generation_config.json").unlink()
    with pytest.raises(InputError, match="pass --processor"):
        convert(tmp_path / "checkpoint-1", tmp_path / "model")
    output = convert(tmp_path / "checkpoint-1", tmp_path / "model", processor=tmp_path / "processor")
    model = WhisperATForConditionalGeneration.from_pretrained(output)
    assert model.generation_config.no_timestamps_token_id == 50362
    assert len(AutoProcessor.from_pretrained(output).tokenizer) == 51864


def test_head_only(head_file, ctranslate2_folder, tmp_path):
    output = convert(ctranslate2_folder, tmp_path / "alone", head=head_file, head_only=True)
    assert sorted(os.listdir(output)) == ["config.json", "model.safetensors"]
    head = TLTRForAudioClassification.from_pretrained(output)
    assert head.config.encoder_layers == 2
    copied = convert(None, tmp_path / "copy", head=output, head_only=True)
    weights = TLTRForAudioClassification.from_pretrained(copied).state_dict()
    assert all(torch.equal(weight, weights[name]) for name, weight in head.state_dict().items())


@pytest.mark.parametrize("head_only", [False, True])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"encoder_layers": 6}, "head reads 6 encoder layers, but the Whisper has 2"),
        ({"d_model": 32}, "head reads 32 wide encoder states, but the Whisper has 24"),
    ],
)
def test_head_of_another_size_is_refused(ctranslate2_folder, tmp_path, wrong, message, head_only):
    head = save_head(tmp_path / "head", **wrong)
    with pytest.raises(InputError, match=message):
        convert(ctranslate2_folder, tmp_path / "model", head=head, head_only=head_only)
    assert os.listdir(tmp_path) == ["head"]


def test_original_head_of_another_size_is_refused(ctranslate2_folder, tmp_path):
    torch.save({n: torch.from_numpy(w) for n, w in random_original_head(384).items()}, tmp_path / "head.pth")
    with pytest.raises(InputError, match=r"head\.pth reads 4 encoder layers, but the Whisper has 2"):
        convert(ctranslate2_folder, tmp_path / "model", head=tmp_path / "head.pth")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"whisper": None, "head_only": True}, "--head-only needs --head"),
        ({"whisper": "nobody/nothing"}, "nobody/nothing cannot be loaded: it is no folder or file here"),
        ({"whisper": "nowhere.pt"}, r"nowhere\.pt does not exist"),
        ({"whisper": "./nowhere"}, "nowhere does not exist"),
        (
            {"head": "nobody/nothing"},
            "nobody/nothing' is neither a folder with a head nor a hub id that can be reached",
        ),
    ],
)
def test_what_is_not_there_is_named(ctranslate2_folder, tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        convert(**{"whisper": ctranslate2_folder, "output": tmp_path / "model"} | arguments)
    assert os.listdir(tmp_path) == []


def test_a_folder_of_the_wrong_kind_is_named(ctranslate2_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty holds neither config.json nor model.bin"):
        convert(tmp_path / "empty", tmp_path / "model")
    head = save_head(tmp_path / "head")
    with pytest.raises(InputError, match="holds a model of type 'tltr': give a Whisper"):
        convert(head, tmp_path / "model")
    whole = convert(ctranslate2_folder, tmp_path / "whole")
    with pytest.raises(InputError, match="holds a model of type 'whisper_at'; pass a head saved by save_head"):
        convert(ctranslate2_folder, tmp_path / "model", head=whole)


def test_output_in_use_is_kept(ctranslate2_folder, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for overwrite, message in ((False, "is not empty"), (True, "holds other files than a model")):
        with pytest.raises(InputError, match=message):
            convert(ctranslate2_folder, tmp_path, overwrite=overwrite)
    with pytest.raises(InputError, match=r"notes\.txt is a file"):
        convert(ctranslate2_folder, tmp_path / "notes.txt", overwrite=True)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_overwrite_replaces_the_whole_model(ctranslate2_folder, tmp_path):
    output = save_head(tmp_path / "model")
    (output / "stale.json").write_text("{}")
    convert(ctranslate2_folder, output, overwrite=True)
    assert not (output / "stale.json").exists()
    assert WhisperATForConditionalGeneration.from_pretrained(output).config.d_model == 24
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("before", ["nothing", "empty folder", "model"])
def test_failure_while_writing_leaves_what_was_there(ctranslate2_folder, tmp_path, monkeypatch, before):
    output = tmp_path / "model"
    if before == "empty folder":
        output.mkdir()
    elif before == "model":
        save_head(output)
    files = sorted(os.listdir(output)) if output.exists() else None

    def disk_full(self, *args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("transformers.WhisperProcessor.save_pretrained", disk_full)
    with pytest.raises(OSError, match="disk full"):
        convert(ctranslate2_folder, output, overwrite=True)
    assert (sorted(os.listdir(output)) if output.exists() else None) == files
    assert os.listdir(tmp_path) == ([] if files is None else ["model"])


def test_failure_while_replacing_puts_the_old_model_back(ctranslate2_folder, tmp_path, monkeypatch):
    output = save_head(tmp_path / "model")
    rename = Path.rename

    def rename_old_only(self, target):
        if Path(target) == output and not self.name.endswith(".old"):
            raise OSError("no permission")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_old_only)
    with pytest.raises(OSError, match="no permission"):
        convert(ctranslate2_folder, output, overwrite=True)
    assert TLTRForAudioClassification.from_pretrained(output).config.labels == ["Dog", "Rain"]
    assert os.listdir(tmp_path) == ["model"]


def test_a_model_made_meanwhile_is_not_replaced(ctranslate2_folder, tmp_path, monkeypatch):
    output = tmp_path / "model"
    save = WhisperATForConditionalGeneration.save_pretrained

    def save_late(self, *args, **kwargs):
        save_head(output)
        return save(self, *args, **kwargs)

    monkeypatch.setattr(WhisperATForConditionalGeneration, "save_pretrained", save_late)
    with pytest.raises(InputError, match="was filled by someone else meanwhile"):
        convert(ctranslate2_folder, output)
    assert TLTRForAudioClassification.from_pretrained(output).config.labels == ["Dog", "Rain"]
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "null",
        "no JSON",
        '{"model_type": "whisper", "d_model": "wide"}',
        '{"model_type": "whisper", "encoder_layers": 1000000000000}',
    ],
)
def test_a_whisper_with_a_broken_config_is_refused(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match="holds files that cannot be used"):
        convert(tmp_path, tmp_path / "out")
