"""What `whisper-at info` says of models and heads."""

import re

import pytest
from tiny import LABELS, head_config, save_plain_whisper, tiny_config, tiny_model

from whisper_at_hf import InputError, TLTRForAudioClassification, WhisperATForAudioClassification
from whisper_at_hf.cli.info import describe_model

HEADS = {
    "sounds": head_config(thresholds={"Rain": 0.6}, window_length_s=2.0),
    "moods": head_config(["calm", "angry"], problem_type="single_label_classification", projection_dim=8),
}


def test_a_model_and_its_heads(tmp_path):
    tiny_config(HEADS).save_pretrained(tmp_path)
    text = describe_model(str(tmp_path))

    assert str(tmp_path) in text.splitlines()[0] and "2" in text.splitlines()[0]
    assert re.search(r"encoder +2 layers, 16 wide, 8 mel bins", text)
    assert re.search(r"decoder +2 layers, English only", text)
    sounds, moods = sorted(text.split("\nhead ")[1:], reverse=True)
    assert sounds.startswith("sounds (default)") and moods.startswith("moods\n")
    assert re.search(r"labels +4, multi label classification", sounds)
    assert re.search(r"labels +2, single label classification", moods)
    assert "fitted" in sounds and "fitted" not in moods
    assert "windows of 2 s" in sounds and "windows of 10 s" in moods
    assert "projected to 8" in moods and "projected" not in sounds
    assert "Waves, surf" not in text


def test_parameters_are_counted(tmp_path):
    config = tiny_config({"default": head_config(d_model=256)}, d_model=256, encoder_ffn_dim=1024)
    config.save_pretrained(tmp_path)
    model = tiny_model(heads={"default": head_config(d_model=256)}, d_model=256, encoder_ffn_dim=1024)
    head, whisper = (
        sum(weight.numel() for weight in part.parameters()) / 1e6 for part in (model.heads["default"], model.model)
    )
    text = describe_model(str(tmp_path))
    assert f"{whisper:.1f} M without heads" in text
    assert f"{head:.1f} M parameters" in text
    assert round(head, 1) != round(whisper, 1) != 0


def test_labels_are_listed_with_their_thresholds(tmp_path):
    tiny_config(HEADS).save_pretrained(tmp_path)
    lines = [line.strip() for line in describe_model(str(tmp_path), list_labels=True).splitlines()]
    for label in LABELS:
        assert f"{0.6 if label == 'Rain' else 0.25:.2f}  {label}" in lines


def test_multilingual_models(tmp_path):
    tiny_config(vocab_size=51865).save_pretrained(tmp_path)
    assert "multilingual" in describe_model(str(tmp_path))


def test_a_model_without_heads(tmp_path):
    tiny_config({}).save_pretrained(tmp_path)
    text = describe_model(str(tmp_path))
    assert "0 tagging heads" in text and "\nhead " not in text


def test_a_head_alone(tmp_path):
    TLTRForAudioClassification(HEADS["moods"]).save_pretrained(tmp_path)
    text = describe_model(str(tmp_path))
    assert "a tagging head" in text
    assert re.search(r"reads +2 layers, 16 wide, projected to 8", text)


def test_a_head_with_a_projection_per_layer(tmp_path):
    TLTRForAudioClassification(head_config(projection_dim=8, projection_per_layer=True)).save_pretrained(tmp_path)
    assert "projected to 8, each layer by itself\n" in describe_model(str(tmp_path))


def test_other_models_and_folders_are_refused(tmp_path):
    save_plain_whisper(tmp_path / "whisper")
    with pytest.raises(InputError, match="whisper.*without tagging heads.*whisper-at convert"):
        describe_model(str(tmp_path / "whisper"))
    (tmp_path / "empty").mkdir()
    for folder, reason in {"empty": "is no complete Whisper-AT model", "missing": "is neither a folder"}.items():
        with pytest.raises(InputError, match=f"{folder}' {reason}"):
            describe_model(str(tmp_path / folder))


def test_names_cannot_steer_the_terminal(tmp_path):
    tiny_config({"\x1b[2Jhead": head_config(["\x1b]0;title\x07Rain", "\u202eDog"])}).save_pretrained(tmp_path)
    text = describe_model(str(tmp_path), list_labels=True)
    assert not set("\x1b\u202e\x07") & set(text) and "Rain" in text and "[2Jhead (default)" in text


def test_a_model_for_tags_alone_has_no_decoder(tmp_path):
    model = tiny_model(WhisperATForAudioClassification, d_model=256, encoder_ffn_dim=1024, heads={})
    model.save_pretrained(tmp_path)
    text = describe_model(str(tmp_path))
    assert "decoder       none: for tags only" in text
    assert f"{sum(weight.numel() for weight in model.parameters()) / 1e6:.1f} M without heads" in text
