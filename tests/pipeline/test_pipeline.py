"""The task "whisper-at" on real weights: inputs, outputs, parameters."""

import io
import math

import numpy as np
import pytest
import soundfile
from transformers import pipeline

from whisper_at_hf import InputError
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import sample_path

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def sample():
    return load_audio(sample_path())


@pytest.fixture(scope="module")
def expected(pipe, sample):
    return pipe(sample)


def test_shape_of_the_result(pipe, sample, expected):
    assert set(expected) == {"text", "language", "audio_tags"}
    assert expected["language"] == "en"
    duration = len(sample) / 16000
    times = [window["timestamp"] for window in expected["audio_tags"]]
    assert len(times) == math.ceil(duration / 10)
    assert times[0][0] == 0.0 and times[-1][1] == pytest.approx(duration, abs=1e-3)
    for window in expected["audio_tags"]:
        scores = [tag["score"] for tag in window["tags"]]
        assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
        assert len(scores) <= 5


@pytest.mark.parametrize("form", ["path", "str", "bytes", "raw", "array", "file", "stereo"])
def test_every_kind_of_input_gives_the_same(pipe, sample, expected, tmp_path, form):
    wav = tmp_path / "sample.wav"
    soundfile.write(wav, sample, 16000, subtype="FLOAT")
    inputs = {
        "path": wav,
        "str": str(wav),
        "bytes": wav.read_bytes(),
        "raw": {"raw": sample, "sampling_rate": 16000},
        "array": {"array": sample, "sampling_rate": 16000, "path": "elsewhere.wav"},
        "file": {"path": None, "bytes": wav.read_bytes()},
        "stereo": np.stack([sample, sample]),
    }[form]
    assert pipe(inputs) == expected


def test_other_rates_are_resampled(pipe, sample, expected):
    import soxr

    result = pipe({"raw": soxr.resample(sample, 16000, 44100), "sampling_rate": 44100}, return_text=False)
    for ours, reference in zip(result["audio_tags"], expected["audio_tags"], strict=True):
        assert {tag["label"] for tag in ours["tags"]} == {tag["label"] for tag in reference["tags"]}


def test_lists_generators_datasets_and_batches(pipe, sample):
    import datasets

    half = sample[: 16000 * 4]
    options = {"return_text": False}
    alone = [pipe(sample, **options), pipe(half, **options)]
    assert pipe([sample, half], **options) == alone
    assert list(pipe((clip for clip in (sample, half)), **options)) == alone
    files = []
    for clip in (sample, half):
        buffer = io.BytesIO()
        soundfile.write(buffer, clip, 16000, subtype="FLOAT", format="WAV")
        files.append({"path": None, "bytes": buffer.getvalue()})
    dataset = datasets.Dataset.from_dict({"audio": files}).cast_column("audio", datasets.Audio())
    assert list(pipe(dataset, **options)) == alone
    for batched, single in zip(pipe([sample, half, sample], batch_size=3, **options), [*alone, alone[0]], strict=True):
        _assert_close(batched, single)
    assert pipe([]) == []


def test_a_batch_of_short_and_long_files_gives_what_each_gives_alone(pipe, sample):
    long = np.resize(sample, 32 * 16000)
    clips = [sample, long, sample[:48000]]
    for batched, clip in zip(pipe(clips, batch_size=3), clips, strict=True):
        _assert_close(batched, pipe(clip))


def _assert_close(result, reference, tolerance=1e-4):
    assert {**result, "audio_tags": ()} == {**reference, "audio_tags": ()}
    for ours, theirs in zip(result["audio_tags"], reference["audio_tags"], strict=True):
        assert ours["timestamp"] == theirs["timestamp"]
        assert [tag["label"] for tag in ours["tags"]] == [tag["label"] for tag in theirs["tags"]]
        assert [tag["score"] for tag in ours["tags"]] == pytest.approx(
            [tag["score"] for tag in theirs["tags"]], abs=tolerance
        )


def test_tags_alone_never_run_the_decoder(pipe, sample, expected, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the decoder ran")

    monkeypatch.setattr(pipe.model.model.decoder, "forward", refuse)
    result = pipe(sample, return_text=False)
    assert set(result) == {"audio_tags"}
    # Encoded in windows of 10 s instead of 30 s.
    _assert_close(result, {"audio_tags": expected["audio_tags"]}, tolerance=0.15)


def test_text_alone(pipe, sample, expected):
    assert pipe(sample, return_tags=False) == {name: expected[name] for name in ("text", "language")}


def test_one_encoder_pass_for_text_and_tags(pipe, sample, monkeypatch):
    calls = []
    forward = type(pipe.model.model.encoder).forward
    monkeypatch.setattr(type(pipe.model.model.encoder), "forward", lambda *a, **k: calls.append(1) or forward(*a, **k))
    pipe(sample)
    assert len(calls) == 1


def test_labels_are_filtered_before_top_k(pipe, sample):
    everything = pipe(sample, return_text=False, threshold=0.0, top_k=None)["audio_tags"][0]["tags"]
    assert len(everything) == len(pipe.model.config.id2label)
    last = everything[-1]
    assert pipe(sample, return_text=False, threshold=0.0, top_k=1, labels=[last["label"]])["audio_tags"][0][
        "tags"
    ] == [last]
    names = (name for name in [last["label"]])
    assert pipe(sample, return_text=False, threshold=0.0, labels=names)["audio_tags"][0]["tags"] == [last]
    assert len(pipe(sample, return_text=False, threshold=0.0, top_k=2)["audio_tags"][0]["tags"]) == 2


def test_thresholds(pipe, sample):
    def windows(threshold):
        return pipe(sample, return_text=False, threshold=threshold, top_k=None)["audio_tags"]

    fitted = pipe.model.get_head().config.thresholds
    for window, everything in zip(windows(None), windows(0.0), strict=True):
        assert window["tags"] == [tag for tag in everything["tags"] if tag["score"] >= fitted[tag["label"]]]
    assert all(tag["label"] != "Speech" for window in windows({"Speech": 1.0}) for tag in window["tags"])


def test_several_heads_share_the_pass(pipe, sample, expected):
    pipe.model.add_head("second", ["One", "Two"])
    try:
        result = pipe(sample, heads=["second", "default"], threshold=0.0, top_k=None, return_logits=True)
        assert set(result["tags_by_head"]) == {"second", "default"}
        assert result["audio_tags"] == result["tags_by_head"]["default"]
        assert {tag["label"] for tag in result["tags_by_head"]["second"][0]["tags"]} == {"One", "Two"}
        labels = pipe.model.get_head().config.num_labels
        assert result["tag_logits"].shape == (len(expected["audio_tags"]), labels)
        assert result["tag_logits_by_head"]["second"].shape == (len(expected["audio_tags"]), 2)
        assert "tags_by_head" not in pipe(sample, return_text=False)
    finally:
        pipe.model.drop_head("second")


@pytest.mark.parametrize("at_time_res", [0.4, 1.2, 2, 10.0, 12.4])
def test_window_lengths(pipe, sample, at_time_res):
    result = pipe(sample, return_text=False, at_time_res=at_time_res, return_logits=True)
    duration = len(sample) / 16000
    assert len(result["audio_tags"]) == math.ceil(round(duration / at_time_res, 6))
    assert result["tag_logits"].shape == (len(result["audio_tags"]), pipe.model.get_head().config.num_labels)
    ends = [window["timestamp"][1] for window in result["audio_tags"]]
    assert ends[-1] == pytest.approx(duration, abs=1e-3)
    assert ends[0] == pytest.approx(min(at_time_res, duration))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"at_time_res": 0}, "at_time_res=0 "),
        ({"at_time_res": -1}, "at_time_res=-1 "),
        ({"at_time_res": 0.3}, "at_time_res=0.3 "),
        ({"at_time_res": 1e9}, r"at_time_res=1e\+09 "),
        ({"labels": ["Sea serpent"]}, "'Sea serpent' is no label of the head"),
        ({"heads": ["emotion"]}, "no head 'emotion'"),
        ({"threshold": 2}, "threshold=2 "),
        ({"threshold": {"Sea serpent": 0.5}}, "no label 'Sea serpent'"),
        ({"top_k": 0}, "top_k=0 "),
        ({"chunk_length_s": 60}, "chunk_length_s=60 "),
    ],
)
def test_bad_parameters_are_named_before_audio_is_read(pipe, options, message):
    with pytest.raises(InputError, match=message):
        pipe("does-not-exist.wav", **options)


@pytest.mark.parametrize("seconds", [1 / 16000, 0.01, 1.0])
def test_very_short_and_silent_audio(pipe, seconds):
    result = pipe(np.zeros(max(1, int(seconds * 16000)), np.float32))
    assert len(result["audio_tags"]) == 1
    assert result["audio_tags"][0]["timestamp"] == (0.0, round(seconds, 3))
    assert result["audio_tags"][0]["tags"] == []


def test_options_given_once_to_pipeline(default_model, sample):
    pipe = pipeline("whisper-at", model=str(default_model), top_k=1, at_time_res=2, return_text=False, threshold=0.0)
    result = pipe(sample)
    assert set(result) == {"audio_tags"}
    assert all(len(window["tags"]) == 1 for window in result["audio_tags"])
    assert result["audio_tags"][0]["timestamp"] == (0.0, 2.0)


def test_saved_pipeline_loads_again(pipe, sample, expected, tmp_path):
    pipe.save_pretrained(tmp_path / "saved")
    again = pipeline("whisper-at", model=str(tmp_path / "saved"), num_beams=1)
    assert again(sample) == expected


def test_word_timestamps_leave_the_model_as_it_was(pipe, sample):
    before = pipe.model.config._attn_implementation
    result = pipe(sample, return_timestamps="word")
    assert len(result["chunks"]) == len(result["text"].split())
    assert pipe.model.config._attn_implementation == before


def test_chunked_decoding_keeps_the_clock(pipe, sample):
    """Stock chunks overlap; every stretch of audio is tagged from the chunk that keeps it."""
    long = np.resize(sample, 42 * 16000)
    chunked = pipe(long, chunk_length_s=20, stride_length_s=4, batch_size=2, return_logits=True)
    whole = pipe(long, return_logits=True)
    assert [w["timestamp"] for w in chunked["audio_tags"]] == [w["timestamp"] for w in whole["audio_tags"]]
    assert np.abs(chunked["tag_logits"] - whole["tag_logits"]).mean() < 1.5


@pytest.mark.parametrize("with_tokenizer", [True, False])
def test_a_folder_without_decoder_tags(pipe, sample, tmp_path, with_tokenizer):
    from transformers import WhisperProcessor

    from whisper_at_hf import WhisperATForAudioClassification

    WhisperATForAudioClassification.from_pretrained(pipe.model.name_or_path).save_pretrained(tmp_path / "made")
    processor = WhisperProcessor(pipe.feature_extractor, pipe.tokenizer) if with_tokenizer else pipe.feature_extractor
    processor.save_pretrained(tmp_path / "made")
    pipeline("whisper-at", model=str(tmp_path / "made")).save_pretrained(tmp_path / "saved")
    tagger = pipeline("whisper-at", model=str(tmp_path / "saved"))
    assert type(tagger.model) is WhisperATForAudioClassification
    assert tagger(sample) == pipe(sample, return_text=False)
    with pytest.raises(InputError, match="return_text=True needs a decoder"):
        tagger(sample, return_text=True)


def test_text_needs_a_tokenizer(pipe):
    with pytest.raises(InputError, match="No tokenizer was found with the model; save its processor beside it"):
        pipeline("whisper-at", model=pipe.model, feature_extractor=pipe.feature_extractor)


def test_unknown_parameters_of_the_pipeline_are_named_at_once(default_model):
    with pytest.raises(InputError, match="'treshold' is no parameter.*did you mean 'threshold'"):
        pipeline("whisper-at", model=str(default_model), treshold=0.5)


def test_plain_whisper_is_refused_with_the_way_out(tiny_en_whisper):
    with pytest.raises(InputError, match="from_whisper"):
        pipeline("whisper-at", model=str(tiny_en_whisper))
