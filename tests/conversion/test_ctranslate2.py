import json

import pytest
import torch
from conversion_checks import assert_same_config, logits
from foreign_formats import ctranslate2_variables, quantised, write_model_bin

from whisper_at_hf.conversion import load_whisper
from whisper_at_hf.conversion.ctranslate2_reader import read_model_bin
from whisper_at_hf.errors import InputError


def test_reader_keeps_values_types_and_aliases(tmp_path):
    path = tmp_path / "model.bin"
    variables = {
        "single": torch.randn(3, 4),
        "half": torch.randn(2, 3, 5).half(),
        "scalar": torch.tensor(7, dtype=torch.int16),
    }
    write_model_bin(path, variables, aliases={"other": "half"})
    read = read_model_bin(path)
    assert read.keys() == {"single", "half", "scalar", "other"}
    for name, value in variables.items():
        assert read[name].dtype == value.dtype
        assert torch.equal(read[name], value)
    assert read["other"] is read["half"]


def test_reader_dequantises_rows(tmp_path):
    weight = torch.randn(5, 8) * torch.tensor([0.01, 0.1, 1, 10, 100])[:, None]
    rows, scale = quantised(weight)
    whole, whole_scale = torch.tensor([[100, -50]], dtype=torch.int16), torch.tensor(10.0)
    path = tmp_path / "model.bin"
    write_model_bin(
        path,
        {"w": rows, "w_scale": scale, "v": whole, "v_scale": whole_scale},
        aliases={"tied": "w", "tied_scale": "w_scale"},
    )
    read = read_model_bin(path)
    assert read.keys() == {"w", "v", "tied"}
    half_step = weight.abs().amax(dim=1, keepdim=True) / 254
    assert ((read["w"] - weight).abs() <= 1.01 * half_step).all()
    assert torch.equal(read["v"], torch.tensor([[10.0, -5.0]]))


def test_reader_refuses_integers_without_scales(tmp_path):
    path = tmp_path / "model.bin"
    write_model_bin(path, {"w": quantised(torch.randn(5, 8))[0]})
    with pytest.raises(InputError, match=r"model\.bin stores w as int8 without its scales"):
        read_model_bin(path)


def test_reader_refuses_every_truncation(tmp_path):
    path = tmp_path / "model.bin"
    write_model_bin(path, {"w": torch.randn(3, 4), "b": torch.randn(3)}, aliases={"v": "w"})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"model\.bin is (truncated|empty)"):
            read_model_bin(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"version": 3}, "number is 3"), ({"spec": "TransformerSpec"}, "holds a CTranslate2 TransformerSpec")],
)
def test_reader_refuses_other_files(tmp_path, changes, message):
    path = tmp_path / "model.bin"
    write_model_bin(path, {"w": torch.randn(3)}, **changes)
    with pytest.raises(InputError, match=message):
        read_model_bin(path)


def test_model_is_the_same(ctranslate2_folder, whisper):
    model, _ = load_whisper(ctranslate2_folder)
    assert_same_config(model.config, whisper.config)
    assert not model.training
    assert torch.equal(logits(model), logits(whisper))
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


def test_incomplete_model_is_named(tmp_path, whisper):
    variables = ctranslate2_variables(whisper)
    del variables["decoder/layer_1/ffn/linear_0/bias"]
    write_model_bin(tmp_path / "model.bin", variables)
    with pytest.raises(InputError, match=r"model\.bin lacks the weight 'decoder/layer_1/ffn/linear_0/bias'"):
        load_whisper(tmp_path)


def test_weight_of_another_shape_is_named(tmp_path, whisper, tokenizer_json):
    variables = ctranslate2_variables(whisper)
    variables["decoder/layer_norm/gamma"] = torch.randn(25)
    write_model_bin(tmp_path / "model.bin", variables)
    (tmp_path / "tokenizer.json").write_bytes(tokenizer_json.read_bytes())
    with pytest.raises(InputError, match=r"model\.bin has model\.decoder\.layer_norm\.weight of shape \(25,\)"):
        load_whisper(tmp_path)


def test_generation_config_takes_the_folder_settings(ctranslate2_folder):
    generation = load_whisper(ctranslate2_folder)[0].generation_config
    assert generation.suppress_tokens == [1, 2]
    assert generation.alignment_heads == [[1, 0]]
    assert generation.max_length == 32


def test_broken_settings_are_named(ctranslate2_folder, tmp_path):
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).write_bytes((ctranslate2_folder / name).read_bytes())
    (tmp_path / "config.json").write_text(json.dumps({"suppress_ids": [1]})[:-1])
    with pytest.raises(InputError, match=r"config\.json is not valid JSON"):
        load_whisper(tmp_path)


def test_folder_without_tokenizer_asks_for_a_processor(ctranslate2_folder, tmp_path):
    (tmp_path / "model.bin").write_bytes((ctranslate2_folder / "model.bin").read_bytes())
    with pytest.raises(InputError, match="no openai Whisper is 24 wide: pass --processor"):
        load_whisper(tmp_path)


@pytest.mark.parametrize(
    "variables",
    [
        {"w": torch.ones(1, 1000, dtype=torch.int8), "w_scale": torch.ones(1000)},  # a million floats of 5000 bytes
        {"w": torch.ones(0, 4)},
    ],
)
def test_reader_refuses_sizes_that_do_not_belong_together(tmp_path, variables):
    write_model_bin(tmp_path / "model.bin", variables)
    with pytest.raises(InputError, match=r"model\.bin is truncated or not a CTranslate2 model\.bin"):
        read_model_bin(tmp_path / "model.bin")


@pytest.mark.parametrize("heads", [0, 7, -4])
def test_attention_heads_that_do_not_divide_the_width_are_named(tmp_path, whisper, tokenizer_json, heads):
    variables = ctranslate2_variables(whisper) | {"encoder/num_heads": torch.tensor(heads, dtype=torch.int16)}
    write_model_bin(tmp_path / "model.bin", variables)
    (tmp_path / "tokenizer.json").write_bytes(tokenizer_json.read_bytes())
    with pytest.raises(InputError, match=rf"has {heads} attention heads for a width of 24"):
        load_whisper(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [("[1]", "holds no settings by name"), ("[" * 100_000, "is not valid JSON")],
)
def test_settings_of_another_form_are_named(ctranslate2_folder, tmp_path, settings, message):
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).write_bytes((ctranslate2_folder / name).read_bytes())
    (tmp_path / "config.json").write_text(settings)
    with pytest.raises(InputError, match=rf"config\.json {message}"):
        load_whisper(tmp_path)
