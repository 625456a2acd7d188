"""Whispers of every shape, tiny and random: from the plain checkpoint to text and tags, also after reload."""

import pytest
import torch
from tiny import LABELS, all_scores, head_config, log_mels, randomised, save_plain_whisper
from transformers import WhisperForConditionalGeneration

from whisper_at_hf import InputError, TLTRForAudioClassification, WhisperATForConditionalGeneration

# What sets a Whisper apart from the tiny default: mel bins, layers of the decoder, tokens.
SHAPES = {
    "large-v3": {"num_mel_bins": 128, "vocab_size": 61, "encoder_layers": 3, "decoder_layers": 3},
    "large-v3-turbo": {"num_mel_bins": 128, "vocab_size": 61, "encoder_layers": 3, "decoder_layers": 1},
    "distil-large-v3": {"num_mel_bins": 128, "vocab_size": 61, "encoder_layers": 3, "decoder_layers": 2},
    "distil-small.en": {"vocab_size": 59, "decoder_layers": 1},
    ".en": {"vocab_size": 59},
}


def text(model, features):
    return model.generate(features, max_new_tokens=6, do_sample=False, num_beams=1)


def check(plain, folder, features):
    """Text of the plain model, and tags, from the converted one and after saving it."""
    expected = text(plain, features)
    model = WhisperATForConditionalGeneration.from_whisper(folder, labels=LABELS)
    model.save_pretrained(folder / "ours")
    tags = all_scores(model, features)
    assert tags.shape == (len(features), len(LABELS))
    for one in (model, WhisperATForConditionalGeneration.from_pretrained(folder / "ours")):
        assert torch.equal(text(one, features), expected)
        torch.testing.assert_close(all_scores(one, features), tags)
        for name in ("num_mel_bins", "vocab_size", "encoder_layers", "decoder_layers"):
            assert getattr(one.config, name) == getattr(plain.config, name)


@pytest.mark.parametrize("shape", SHAPES)
def test_text_and_tags_of(shape, tmp_path):
    plain = save_plain_whisper(tmp_path, **SHAPES[shape])
    check(plain, tmp_path, log_mels(batch=2, mels=plain.config.num_mel_bins))


def test_tokens_that_were_added_in_fine_tuning(tmp_path):
    plain = save_plain_whisper(tmp_path)
    plain.resize_token_embeddings(77, mean_resizing=False)
    plain.save_pretrained(tmp_path)
    plain = WhisperForConditionalGeneration.from_pretrained(tmp_path)
    assert plain.config.vocab_size == plain.proj_out.weight.shape[0] == 77
    check(plain, tmp_path, log_mels(batch=2))


def test_tokens_added_to_ours_leave_the_tags(tmp_path):
    save_plain_whisper(tmp_path)
    model = WhisperATForConditionalGeneration.from_whisper(tmp_path, labels=LABELS)
    tags = all_scores(model, log_mels())
    model.resize_token_embeddings(77, mean_resizing=False)
    model.save_pretrained(tmp_path / "ours")
    reloaded = WhisperATForConditionalGeneration.from_pretrained(tmp_path / "ours")
    torch.testing.assert_close(all_scores(reloaded, log_mels()), tags)
    assert reloaded(log_mels(), decoder_input_ids=torch.tensor([[51, 76]])).logits.shape[-1] == 77


def test_a_distilled_model_takes_its_teachers_head(tmp_path):
    """Distillation keeps the encoder as it is and drops layers of the decoder."""
    teacher = save_plain_whisper(tmp_path / "teacher", decoder_layers=3)
    student = save_plain_whisper(tmp_path / "student", seed=1, decoder_layers=1)
    student.model.encoder.load_state_dict(teacher.model.encoder.state_dict())
    student.save_pretrained(tmp_path / "student")
    taught = WhisperATForConditionalGeneration.from_whisper(tmp_path / "teacher")
    taught.add_head("default", randomised(TLTRForAudioClassification(head_config())).eval())
    taught.save_head("default", tmp_path / "head")
    for folder in ("student", "teacher"):
        model = WhisperATForConditionalGeneration.from_whisper(tmp_path / folder, head=tmp_path / "head")
        model.save_pretrained(tmp_path / "ours" / folder)
        reloaded = WhisperATForConditionalGeneration.from_pretrained(tmp_path / "ours" / folder)
        torch.testing.assert_close(all_scores(reloaded, log_mels()), all_scores(taught, log_mels()))
    save_plain_whisper(tmp_path / "shallow", encoder_layers=1)
    with pytest.raises(InputError, match="reads 2 encoder layers, but this Whisper has 1"):
        WhisperATForConditionalGeneration.from_whisper(tmp_path / "shallow", head=tmp_path / "head")
