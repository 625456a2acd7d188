"""Pooled states of any encoder are those of its blocks, over each clip's own steps, and are encoded once."""

import numpy as np
import pytest
import torch
from labelled_sounds import save_tiny_whisper, write_csv, write_tones
from safetensors.torch import load_file, save_file
from speech_models import LAYERS, NAMES, WAV2VEC2_LIKE, WIDTH, save_speech_model
from transformers import (
    ASTConfig,
    ASTForAudioClassification,
    BertConfig,
    BertModel,
    HubertForCTC,
    MoonshineConfig,
    MoonshineModel,
)

from whisper_at_hf.analysis.layers.encoders import SpeechEncoder, find_blocks, load_speech_encoder, time_means
from whisper_at_hf.data import load_data
from whisper_at_hf.errors import InputError
from whisper_at_hf.features import Encoder, extract_features

ALL = [*NAMES, "ast"]
TOLERANCE = {"rtol": 1e-3, "atol": 1e-3}  # of float16


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder with each model."""
    root = tmp_path_factory.mktemp("models")
    for name in ALL:
        save_speech_model(root / name, name)
    return {name: root / name for name in ALL}


def noise(seconds: float, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(0, 0.1, round(16_000 * seconds)).astype(np.float32))


def block_means(encoder: SpeechEncoder, sound: torch.Tensor, leading: int = 0) -> np.ndarray:
    """`(layers, width)`: the mean over time of what each block gives for one clip, without mask or padding."""
    outputs = []
    blocks = encoder.model.encoder.layers if hasattr(encoder.model, "encoder") else encoder.model.layers
    hooks = [block.register_forward_hook(lambda *args: outputs.append(args[2])) for block in blocks]
    inputs = encoder.extractor(sound.numpy(), sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        encoder.model(inputs["input_values"])
    for hook in hooks:
        hook.remove()
    states = [output[0] if isinstance(output, tuple) else output for output in outputs]
    return np.stack([state[0, leading:].mean(dim=0).numpy() for state in states])


@pytest.mark.parametrize("name", ALL)
def test_states_are_the_blocks_outputs(folders, name):
    encoder = load_speech_encoder(folders[name])
    states = encoder([noise(0.7)])
    assert states.shape == (1, LAYERS, 1, WIDTH) and states.dtype == np.float16
    expected = block_means(encoder, noise(0.7), leading=2 if name == "ast" else 0)
    np.testing.assert_allclose(states[0, :, 0], expected, **TOLERANCE)
    assert np.abs(expected[0] - expected[1]).max() > 0.1


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith("large") or name == "ast"])
def test_the_last_layer_is_taken_before_the_final_norm(folders, name):
    encoder = load_speech_encoder(folders[name])
    inputs = encoder.extractor(noise(0.7).numpy(), sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        normed = encoder.model(inputs["input_values"]).last_hidden_state.mean(dim=1)[0]
    assert np.abs(encoder([noise(0.7)])[0, -1, 0] - normed.numpy()).max() > 0.05


@pytest.mark.parametrize("name", NAMES)
def test_a_longer_clip_beside_it_changes_nothing(folders, name):
    encoder = load_speech_encoder(folders[name])
    sounds = [noise(0.5, 1), noise(1.3, 2), noise(0.5, 3), noise(0.9, 4)]
    together = encoder(sounds)
    alone = np.concatenate([encoder([sound]) for sound in sounds])
    np.testing.assert_allclose(together, alone, **TOLERANCE)
    assert np.abs(alone[0] - alone[2]).max() > 0.01


def test_only_models_that_take_masks_mix_lengths(folders, monkeypatch):
    sizes = {}
    for name in NAMES:
        encoder = load_speech_encoder(folders[name])
        passes = sizes.setdefault(name.split("-")[1], [])
        encoder.model.register_forward_pre_hook(
            lambda model, args, kwargs, passes=passes: passes.append(len(kwargs["input_values"])), with_kwargs=True
        )
        encoder([noise(0.5, 1), noise(1.3, 2), noise(0.5, 3)])
    assert sizes == {"large": [3] * len(WAV2VEC2_LIKE), "base": [2, 1] * len(WAV2VEC2_LIKE)}


def test_an_adapter_is_no_layer_and_forbids_masks(tmp_path):
    save_speech_model(tmp_path, "wav2vec2-large", add_adapter=True, num_adapter_layers=1, output_hidden_size=WIDTH)
    encoder = load_speech_encoder(tmp_path)
    assert not encoder.masked
    states = encoder([noise(0.5, 1), noise(1.3, 2)])
    np.testing.assert_allclose(states[0, :, 0], block_means(encoder, noise(0.5, 1)), **TOLERANCE)


def test_blocks_are_not_confused_with_convolutions(tmp_path):
    model = save_speech_model(tmp_path, "hubert-large", num_hidden_layers=3)  # as many as there are convolutions
    assert find_blocks(model) is model.encoder.layers and len(model.feature_extractor.conv_layers) == 3


def test_very_short_clips_are_padded(folders):
    encoder = load_speech_encoder(folders["hubert-large"])
    short = noise(0.005)
    padded = torch.nn.functional.pad(short, (0, 1600 - len(short)))
    np.testing.assert_array_equal(encoder([short]), encoder([padded]))


def test_whisper_goes_through_the_training_features(tmp_path):
    save_tiny_whisper(tmp_path)
    encoder = load_speech_encoder(tmp_path)
    assert isinstance(encoder, Encoder) and not isinstance(encoder, SpeechEncoder)


@pytest.mark.parametrize("head", ["ctc", "classifier"])
def test_checkpoints_with_heads_give_their_encoder(folders, tmp_path, head):
    if head == "ctc":
        config = load_speech_encoder(folders["hubert-base"]).model.config
        model = HubertForCTC(config)
        model.save_pretrained(tmp_path)
        encoder_weights, extractor = model.hubert, folders["hubert-base"]
    else:
        model = ASTForAudioClassification(ASTConfig.from_pretrained(folders["ast"]))
        model.save_pretrained(tmp_path)
        encoder_weights, extractor = model.audio_spectrogram_transformer, folders["ast"]
    (tmp_path / "preprocessor_config.json").write_text((extractor / "preprocessor_config.json").read_text())
    loaded = load_speech_encoder(tmp_path).model.state_dict()
    for name, weight in encoder_weights.state_dict().items():
        torch.testing.assert_close(loaded[name], weight)


def test_a_weight_that_only_training_uses_may_be_missing(folders, tmp_path):
    save_speech_model(tmp_path, "wav2vec2-base")
    drop_weight(tmp_path, "masked_spec_embed")
    fingerprints = {
        load_speech_encoder(folder).fingerprint for folder in (folders["wav2vec2-base"], tmp_path, tmp_path)
    }
    assert len(fingerprints) == 1
    drop_weight(tmp_path, "encoder.layers.1.final_layer_norm.bias")
    with pytest.raises(InputError, match="lacks 1 of the weights"):
        load_speech_encoder(tmp_path)


def drop_weight(folder, name: str) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights[name]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_fingerprints_tell_models_apart(folders, tmp_path):
    model = save_speech_model(tmp_path, "hubert-base")
    assert load_speech_encoder(tmp_path).fingerprint == load_speech_encoder(folders["hubert-base"]).fingerprint
    with torch.no_grad():
        model.encoder.layers[0].final_layer_norm.bias[0] += 0.1
    model.save_pretrained(tmp_path)
    assert len({load_speech_encoder(folder).fingerprint for folder in (tmp_path, *folders.values())}) == 1 + len(ALL)


@pytest.mark.parametrize("name", ["hubert-large", "ast"])
def test_clips_are_encoded_once_and_cut_to_the_window(folders, tmp_path, name, monkeypatch):
    files = write_tones(tmp_path, [["low"], ["high"], ["low"]], seed=0)
    write_csv(tmp_path / "clips.csv", list(zip(files, ["low", "high", "low"], strict=True)))
    rows = load_data(tmp_path / "clips.csv")
    encoder = load_speech_encoder(folders[name])
    cache = extract_features(rows, encoder, tmp_path / "features", window_length_s=0.5, batch_size=2)
    assert cache.spec.shape == (LAYERS, 1, WIDTH)
    means = time_means(cache, cache.lookup(rows), chunk=2)
    from whisper_at_hf.audio import load_audio

    cut = torch.from_numpy(load_audio(tmp_path / files[1])[:8000])
    np.testing.assert_allclose(means[1], encoder([cut])[0, :, 0], **TOLERANCE)
    monkeypatch.setattr(SpeechEncoder, "__call__", lambda *_: pytest.fail("encoded again"))
    again = extract_features(rows, load_speech_encoder(folders[name]), tmp_path / "features", window_length_s=0.5)
    assert again.keys == cache.keys


def test_time_means_are_over_all_steps(tmp_path):
    files = write_tones(tmp_path, [["low"], ["high"], ["low"]], seed=0)
    write_csv(tmp_path / "clips.csv", list(zip(files, ["low", "high", "low"], strict=True)))
    rows = load_data(tmp_path / "clips.csv")
    save_tiny_whisper(tmp_path / "whisper")
    encoder = load_speech_encoder(tmp_path / "whisper")
    cache = extract_features(rows, encoder, tmp_path / "features", window_length_s=1.2)
    places = cache.lookup(rows)
    means = time_means(cache, places, chunk=2)
    assert means.dtype == np.float32
    expected = np.stack([cache[place].astype(np.float64).mean(axis=1) for place in places])
    np.testing.assert_allclose(means, expected, rtol=0, atol=1e-5)
    some = time_means(cache, places, steps=[1, 3, 2], chunk=2)
    for mean, place, count in zip(some, places, [1, 3, 2], strict=True):
        np.testing.assert_allclose(mean, cache[place][:, :count].astype(np.float64).mean(axis=1), rtol=0, atol=1e-5)


@pytest.mark.parametrize("window", [0, 0.01, 0.505])
def test_unusable_windows(folders, window):
    with pytest.raises(InputError, match="multiple of 0.02 s"):
        load_speech_encoder(folders["hubert-base"]).spec(window)


def test_states_beyond_float16_are_refused(folders):
    encoder = load_speech_encoder(folders["hubert-base"])
    with torch.no_grad():
        encoder.blocks[1].final_layer_norm.bias.fill_(1e6)
    with pytest.raises(InputError, match="beyond float16"):
        encoder([noise(0.5)])


def test_what_is_no_speech_encoder_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no config.json"):
        load_speech_encoder(tmp_path)
    with pytest.raises(InputError, match="cannot be loaded as a speech encoder"):
        load_speech_encoder("nobody/nothing")
    BertModel(BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1)).save_pretrained(
        tmp_path
    )
    with pytest.raises(InputError, match="cannot be loaded as a speech encoder"):
        load_speech_encoder(tmp_path)


def test_models_with_decoders_are_refused(tmp_path):
    sizes = {"hidden_size": 16, "intermediate_size": 16, "vocab_size": 8}
    layers = {"encoder_num_hidden_layers": 1, "decoder_num_hidden_layers": 1}
    heads = {"encoder_num_attention_heads": 2, "decoder_num_attention_heads": 2}
    MoonshineModel(MoonshineConfig(**sizes, **layers, **heads)).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="which has a decoder"):
        load_speech_encoder(tmp_path)
