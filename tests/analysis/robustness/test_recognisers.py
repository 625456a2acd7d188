"""Any recogniser by its folder: Whisper through our batched mode, everything else through transformers' pipeline."""

import json
import shutil

import numpy as np
import pytest
import torch
from sounds import RATE
from transformers import (
    HubertConfig,
    HubertForCTC,
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
    WhisperProcessor,
)

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.analysis.robustness.recognisers import load_recogniser
from whisper_at_hf.audio import load_audio
from whisper_at_hf.errors import InputError

LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ'"]
CLASSES = {"hubert": (HubertConfig, HubertForCTC), "wav2vec2": (Wav2Vec2Config, Wav2Vec2ForCTC)}


def save_ctc(folder, kind="wav2vec2", with_mask=True, rate=RATE, seed=0):
    """A tiny random CTC model that spells letters."""
    config_class, model_class = CLASSES[kind]
    torch.manual_seed(seed)
    config = config_class(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(16, 16),
        conv_kernel=(10, 8),
        conv_stride=(8, 40),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer" if with_mask else "group",
        vocab_size=len(LETTERS),
        pad_token_id=0,
        initializer_range=0.5,
    )
    model_class(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({letter: index for index, letter in enumerate(LETTERS)}))
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=rate, return_attention_mask=with_mask, do_normalize=True)
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    return folder


def sounds():
    rng = np.random.default_rng(0)
    return [(0.3 * rng.standard_normal(round(seconds * RATE))).astype(np.float32) for seconds in (0.5, 0.8, 0.3)]


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("with_mask", [True, False])
def test_ctc_models_give_the_text_of_each_sound_alone(tmp_path, kind, with_mask):
    recogniser = load_recogniser(str(save_ctc(tmp_path / "ctc", kind, with_mask)), batch_size=4, device="cpu")
    assert (recogniser.name, recogniser.batch_size) == ("ctc", 1)
    texts = recogniser(sounds())
    model = CLASSES[kind][1].from_pretrained(tmp_path / "ctc").eval()
    processor = Wav2Vec2Processor.from_pretrained(tmp_path / "ctc")
    for sound, text in zip(sounds(), texts, strict=True):
        with torch.no_grad():
            inputs = processor(sound, sampling_rate=RATE, return_tensors="pt")
            ids = model(**inputs).logits.argmax(-1)
        assert text == processor.batch_decode(ids)[0].strip()
    assert len(set(texts)) == 3 and all(texts)


def test_weights_and_settings_make_the_identity_and_names_do_not(tmp_path):
    save_ctc(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    save_ctc(tmp_path / "c", seed=1)
    a, b, c = (load_recogniser(str(tmp_path / name), device="cpu") for name in "abc")
    half = load_recogniser(str(tmp_path / "a"), dtype="bfloat16", device="cpu")
    assert a.identity == b.identity
    assert len({a.identity, c.identity, half.identity}) == 3
    assert half.settings["dtype"] == "bfloat16"
    # The same weights that spell other letters.
    vocabulary = json.loads((tmp_path / "b" / "vocab.json").read_text())
    vocabulary["A"], vocabulary["B"] = vocabulary["B"], vocabulary["A"]
    (tmp_path / "b" / "vocab.json").write_text(json.dumps(vocabulary))
    (tmp_path / "b" / "tokenizer.json").unlink(missing_ok=True)
    assert load_recogniser(str(tmp_path / "b"), device="cpu").identity != a.identity


def test_another_sampling_rate_is_refused(tmp_path):
    with pytest.raises(InputError, match="'ctc' reads sound at 8000 Hz"):
        load_recogniser(str(save_ctc(tmp_path / "ctc", rate=8000)), device="cpu")


def test_nothing_that_could_be_loaded(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text("{}")
    messages = {"empty": "neither config.json", "bert": "bert' cannot be loaded", "odd": "odd' is no model"}
    for name, said in messages.items():
        with pytest.raises(InputError, match=said):
            load_recogniser(str(tmp_path / name))
    with pytest.raises(InputError, match="'nobody/nothing' is no model that can be reached"):
        load_recogniser("nobody/nothing")
    with pytest.raises(InputError, match="--dtype 'int8' is unknown"):
        load_recogniser(str(tmp_path / "empty"), dtype="int8")
    with pytest.raises(InputError, match="--device 'nowhere' is not available"):
        load_recogniser(str(tmp_path / "empty"), device="nowhere")


@pytest.mark.real
class TestWhisper:
    def test_a_plain_whisper_says_what_the_pipeline_says(self, tiny_en_whisper, default_model, pipe, speech):
        clips = [load_audio(row["file"]) for row in speech[:2]]
        plain = load_recogniser(str(tiny_en_whisper), device="cpu")
        ours = load_recogniser(str(default_model), device="cpu")
        expected = [pipe(clip, return_tags=False)["text"].strip() for clip in clips]
        assert plain(clips) == ours(clips) == expected
        # The same weights and settings: a head decides no words, so the cache serves both.
        assert plain.identity == ours.identity
        assert plain.settings["fallback"] is False and plain.settings["temperature"] == 0.0
        assert plain.settings["max_new_tokens"] == 224

    def test_a_ctranslate2_folder_and_the_embedded_model(self, tiny_en_ctranslate2, tiny_en_whisper):
        identities = {
            load_recogniser(model, device="cpu").identity
            for model in (str(tiny_en_ctranslate2), str(tiny_en_whisper), None)
        }
        assert len(identities) == 1

    def test_noise_takes_no_more_tokens_than_allowed_and_fallback_is_another_identity(self, tiny_en_whisper):
        noise = np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32) * 0.1
        once = load_recogniser(str(tiny_en_whisper), device="cpu")
        again = load_recogniser(str(tiny_en_whisper), device="cpu", fallback=True)
        assert len(once.pipe.tokenizer(once([noise])[0]).input_ids) <= 230
        assert again([noise]) == again([noise])  # drawn, but the same each time
        assert once.identity != again.identity

    def test_a_model_without_decoder_is_refused(self, tiny_en_whisper, tmp_path):
        model = WhisperATForAudioClassification.from_whisper(tiny_en_whisper, labels=["Dog", "Rain"])
        model.save_pretrained(tmp_path / "tags")
        WhisperProcessor.from_pretrained(tiny_en_whisper).save_pretrained(tmp_path / "tags")
        with pytest.raises(InputError, match="has no decoder"):
            load_recogniser(str(tmp_path / "tags"), device="cpu")
