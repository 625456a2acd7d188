"""`WhisperATPipeline.stream`: window by window the same as the whole file, early, and in little memory."""

import io

import numpy as np
import pytest
import soundfile
from memory import peak_bytes
from sounds import RATE, sine
from tiny import MELS, head_config, tiny_model
from tiny_multilingual import multilingual_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf import InputError, WhisperATForAudioClassification
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.pipeline import WhisperATPipeline
from whisper_at_hf.pipeline.results import join_results

EXTRACTOR = WhisperFeatureExtractor(feature_size=MELS, chunk_length=2)
# Without the temperature fallback nothing is left to chance.
GREEDY = {"generate_kwargs": {"temperature": 0.0}}
OPTIONS = {"return_timestamps": True, "return_logits": True, "at_time_res": 2, "at_hop": 1.2, **GREEDY}
real = pytest.mark.real


@pytest.fixture(scope="module")
def talk():
    """47 s of speech, two windows, of an odd length."""
    sample = load_audio(sample_path())
    return np.concatenate([sample, sample[::-1][: 4 * RATE], sample, sample])[: 47 * RATE + 210]


@pytest.fixture(scope="module")
def transcript(pipe, talk):
    return pipe(talk, mode="batched", **OPTIONS)


@pytest.fixture(scope="module")
def tagger():
    """A tiny random model without decoder, with tag windows of 0.8 s."""
    heads = {"default": head_config(window_length_s=0.8)}
    model = tiny_model(WhisperATForAudioClassification, heads=heads)
    return WhisperATPipeline(model, feature_extractor=EXTRACTOR, tokenizer=None, device="cpu")


def noise(seconds, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def uneven_blocks(samples):
    lengths = np.random.default_rng(0).integers(0, 30_000, 2 + len(samples) // 15_000)
    return iter(np.split(samples, np.cumsum(lengths)[np.cumsum(lengths) < len(samples)]))


def wav(samples):
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


def assert_close(result, expected):
    assert list(result) == list(expected)
    for name in ("text", "language", "chunks"):
        assert result.get(name) == expected.get(name)
    rows, expected_rows = result["audio_tags"], expected["audio_tags"]
    assert [row["timestamp"] for row in rows] == [row["timestamp"] for row in expected_rows]
    for row, reference in zip(rows, expected_rows, strict=True):
        scores = {tag["label"]: tag["score"] for tag in row["tags"]}
        assert scores == pytest.approx({tag["label"]: tag["score"] for tag in reference["tags"]}, abs=1e-5)
    np.testing.assert_allclose(result["tag_logits"], expected["tag_logits"], atol=1e-4)


# --- the same as the whole file ---


@real
@pytest.mark.parametrize("kind", ["blocks", "file object", "path"])
def test_joined_results_are_those_of_the_call(pipe, talk, transcript, tmp_path, kind):
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(talk))
    sources = {"blocks": uneven_blocks(talk), "file object": io.BytesIO(wav(talk)), "path": str(path)}
    results = list(pipe.stream(sources[kind], **OPTIONS))
    assert [result["timestamp"][0] for result in results[1:]] == [result["timestamp"][1] for result in results[:-1]]
    assert len(results) > 1 and results[0]["timestamp"][0] == 0
    assert results[-1]["timestamp"][1] == pytest.approx(len(talk) / RATE, abs=1e-3)
    assert_close(join_results(results), transcript)


@real
def test_windows_decoded_together(pipe, talk, transcript):
    assert_close(join_results(pipe.stream(talk, batch_size=2, **OPTIONS)), transcript)


@real
def test_what_a_window_says_lies_in_it(pipe, talk):
    for result in pipe.stream(talk, return_timestamps=True, at_time_res=2, **GREEDY):
        begin, end = result["timestamp"]
        assert result["text"] == "".join(chunk["text"] for chunk in result["chunks"])
        # Ends are those of encoder positions of 20 ms.
        assert all(begin <= chunk["timestamp"][0] and chunk["timestamp"][1] < end + 0.02 for chunk in result["chunks"])
        # A tag window that began in the window before ends in this one.
        assert all(begin < row["timestamp"][1] <= end for row in result["audio_tags"])


@real
def test_text_alone(pipe, talk, transcript):
    results = list(pipe.stream(talk, return_tags=False, return_timestamps=True, **GREEDY))
    assert {name for result in results for name in result} == {"timestamp", "text", "language", "chunks"}
    assert join_results(results) == {name: transcript[name] for name in ("text", "language", "chunks")}


@real
def test_tags_alone_are_those_of_the_windows_as_files(pipe, talk):
    results = list(pipe.stream(talk, return_text=False, return_logits=True, batch_size=3))
    assert [result["timestamp"] for result in results] == [
        (0.0, 10.0), (10.0, 20.0), (20.0, 30.0), (30.0, 40.0), (40.0, 47.013)
    ]  # fmt: skip
    assert [set(result) for result in results] == [{"timestamp", "audio_tags", "tag_logits"}] * 5
    for result in results:
        assert [row["timestamp"] for row in result["audio_tags"]] == [result["timestamp"]]
    for index, result in enumerate(results[:-1]):
        alone = pipe(talk[index * 10 * RATE :][: 10 * RATE], return_text=False, return_logits=True)
        np.testing.assert_allclose(result["tag_logits"], alone["tag_logits"][:1], atol=1e-4)


@real
def test_a_file_has_the_language_of_its_first_window(pipe):
    """Of two languages, by a random model with windows of 2 s."""
    two_languages = WhisperATPipeline(
        multilingual_model(seed=1), feature_extractor=EXTRACTOR, tokenizer=pipe.tokenizer
    )
    checks = ("compression_ratio_threshold", "logprob_threshold", "no_speech_threshold")
    options = {"return_tags": False, "generate_kwargs": {"temperature": 0.0, **dict.fromkeys(checks)}}
    tones = [sine(1.9, frequency=100.0 + 300 * index) for index in range(12)]
    languages = [two_languages(tone, **options)["language"] for tone in tones]
    assert set(languages) == {"de", "en"}
    change = languages.index("de" if languages[0] == "en" else "en")
    file = np.concatenate(tones[change - 1 : change + 2])
    results = list(two_languages.stream(uneven_blocks(file), **options))
    assert len(results) > 1 and {result["language"] for result in results} == {languages[change - 1]}
    assert join_results(results) == two_languages(file, mode="batched", **options)


# --- while the sound comes ---


def test_each_window_comes_before_the_next_is_read(tagger):
    read = []

    def microphone():
        for second in range(100):
            read.append(second)
            yield noise(0.5, second)

    results = tagger.stream(microphone(), at_time_res=0.8)
    assert not read
    assert next(results)["timestamp"] == (0.0, 0.8) and len(read) == 2
    assert next(results)["timestamp"] == (0.8, 1.6) and len(read) == 4


def test_tag_windows_longer_than_the_encoders_come_when_they_are_complete(tagger):
    results = list(tagger.stream(noise(4.0), at_time_res=2.0, return_logits=True))
    ends = [[row["timestamp"][1] for row in result["audio_tags"]] for result in results]
    assert ends == [[], [], [2.0], [], [4.0]]
    assert [result["tag_logits"].shape[0] for result in results] == [0, 0, 1, 0, 1]


@pytest.mark.long
def test_memory_does_not_grow_with_length(tagger):
    def peak(minutes):
        # Blocks that are large beside the small objects which Python keeps for later.
        blocks = (noise(10.0, index) for index in range(6 * minutes))
        return peak_bytes(tagger.stream(blocks, at_time_res=2.0))

    peak(1)  # imports
    assert peak(10) < 1.2 * peak(2)


# --- what is refused ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size=0 is not a number of windows; use a whole number from 1 on."),
        ({"batch_size": None}, "batch_size=None is not"),
        ({"batch_size": True}, "batch_size=True is not"),
        ({"batch_size": 1.5}, "batch_size=1.5 is not"),
        ({"at_time_res": 0.3}, "at_time_res=0.3 "),
        ({"labels": "Piano"}, "no label at or below 'Piano'"),
        ({"heads": "moods"}, "no head 'moods'"),
        ({"return_text": True}, "return_text=True needs a decoder"),
        ({"return_timestamps": "words"}, "return_timestamps='words' is unknown"),
        ({"mode": "x"}, "mode='x' is unknown"),
    ],
)
def test_bad_parameters_are_refused_at_once(tagger, options, message):
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        tagger.stream("does-not-exist.wav", **options)


def test_unusable_sound_is_refused_after_what_came_before(tagger):
    blocks = [noise(2.0), np.full(RATE, np.nan, np.float32), noise(2.0)]
    results = tagger.stream(iter(blocks))
    assert [next(results)["timestamp"] for _ in range(3)] == [(0.0, 0.8), (0.8, 1.6), (1.6, 2.0)]
    with pytest.raises(InputError, match="NaN or infinite samples"):
        next(results)


@pytest.mark.parametrize("source", ["does-not-exist.wav", b"This is no sound.", np.zeros(0, np.float32), iter([])])
def test_no_sound_at_all(tagger, source):
    with pytest.raises(InputError):
        list(tagger.stream(source))


def test_errors_of_the_source_reach_the_caller(tagger):
    def unplugged():
        yield noise(1.0)
        raise ConnectionResetError("unplugged")

    results = tagger.stream(unplugged())
    assert next(results)["timestamp"] == (0.0, 0.8)
    with pytest.raises(ConnectionResetError, match="unplugged"):
        next(results)
