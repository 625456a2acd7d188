"""That converted heads give the original's logits is tested in test_original_equality.py."""

import pytest
import torch
from random_heads import random_original_head

from whisper_at_hf.conversion import load_head
from whisper_at_hf.conversion.original_head import load_original_head
from whisper_at_hf.errors import InputError


def original(width: int = 16, prefix: str = "at_model.", **kwargs) -> dict[str, torch.Tensor]:
    state = random_original_head(width, **kwargs)
    return {name.replace("at_model.", prefix): torch.from_numpy(values) for name, values in state.items()}


def saved(tmp_path, state: dict):
    torch.save(state, tmp_path / "head.pth")
    return tmp_path / "head.pth"


@pytest.mark.parametrize(("width", "layers"), [(384, 4), (512, 6), (768, 12)])
def test_full_head_of_an_openai_width(tmp_path, width, layers):
    config = load_head(saved(tmp_path, original(width))).config
    assert (config.d_model, config.encoder_layers, config.projection_dim) == (width, layers, None)
    assert (config.num_labels, config.window_length_s) == (527, 10.0)
    assert config.problem_type == "multi_label_classification"
    assert [config.id2label[index] for index in (0, 137, 526)] == ["Speech", "Music", "Field recording"]


def test_low_head_reads_both_widths(tmp_path):
    config = load_head(saved(tmp_path, original(1280, projection=512))).config
    assert (config.d_model, config.projection_dim, config.encoder_layers) == (1280, 512, 32)


@pytest.mark.parametrize("prefix", ["module.", ""])
def test_training_checkpoints_give_the_same_head(tmp_path, prefix):
    state = original(projection=8, labels=3)
    expected = load_original_head(saved(tmp_path, state), encoder_layers=2).state_dict()
    # One that holds Whisper's weights too, in half precision as the original's.
    whisper = {"encoder.conv1.weight": torch.ones(2), "decoder.ln.bias": torch.ones(2).half()}
    path = saved(tmp_path, whisper | original(projection=8, labels=3, prefix=prefix))
    loaded = load_original_head(path, encoder_layers=2).state_dict()
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)


def test_label_names(tmp_path):
    path = saved(tmp_path, original(labels=3))
    assert load_original_head(path, encoder_layers=2).config.labels == ["LABEL_0", "LABEL_1", "LABEL_2"]
    assert load_original_head(path, encoder_layers=2, labels=["a", "b", "c"]).config.labels == ["a", "b", "c"]
    with pytest.raises(InputError, match=r"head\.pth has 3 outputs, but 2 labels were given"):
        load_original_head(path, encoder_layers=2, labels=["a", "b"])


def test_unknown_width_needs_the_whisper(tmp_path):
    with pytest.raises(InputError, match=r"head\.pth is 16 wide, as no openai Whisper is: name the Whisper"):
        load_head(saved(tmp_path, original(labels=3)))


@pytest.mark.parametrize("missing", ["mlp_layer.1.weight", "time_tr.mlp.2.bias", "layer_tr.attn.query.weight"])
def test_incomplete_head_is_refused(tmp_path, missing):
    state = original(labels=3)
    del state[f"at_model.{missing}"]
    with pytest.raises(InputError, match=r"head\.pth (lacks|holds no Whisper-AT head)"):
        load_original_head(saved(tmp_path, state), encoder_layers=2)


def test_whisper_checkpoint_is_no_head(openai_file):
    with pytest.raises(InputError, match="holds no Whisper-AT head"):
        load_head(openai_file)


def test_pickle_that_would_run_code_is_refused(malicious_file):
    path, victim = malicious_file
    with pytest.raises(InputError, match=r"malicious\.pth was refused"):
        load_head(path)
    assert not victim.exists()


def test_missing_file_is_named():
    with pytest.raises(InputError, match=r"nowhere\.pth does not exist"):
        load_head("nowhere.pth")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_tr.mlp.2.bias", 3),
        ("mlp_layer.1.weight", torch.ones(1, 1).expand(10**12, 16)),
        ("layer_tr.attn.query.weight", torch.ones(16)),
        ("layer_tr.attn.query.weight", torch.ones(17, 17)),  # no head of 8 attention heads is that wide
    ],
)
def test_values_that_no_head_has_are_refused(tmp_path, name, value):
    state = original(labels=3) | {f"at_model.{name}": value}
    with pytest.raises(InputError, match=r"head\.pth "):
        load_original_head(saved(tmp_path, state), encoder_layers=2)
