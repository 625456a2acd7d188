"""`mode="batched"` of the pipeline on real weights: files cut at pauses, decoded together, joined again."""

import jiwer
import numpy as np
import pytest
from sounds import sine
from tiny import MELS
from tiny_multilingual import multilingual_model
from transformers import WhisperFeatureExtractor, pipeline
from transformers.models.whisper.english_normalizer import BasicTextNormalizer

from whisper_at_hf import InputError
from whisper_at_hf.audio import load_audio
from whisper_at_hf.audio.windows import cut_at_pauses
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.pipeline import WhisperATPipeline

RATE = 16_000
# Chunks may reach to the end of the last encoder position.
POSITION = 0.02
GREEDY = {"temperature": 0.0}
pytestmark = pytest.mark.real
data = pytest.mark.data

_normalize = BasicTextNormalizer()


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


@pytest.fixture(scope="module")
def sample():
    return load_audio(sample_path())


@pytest.fixture(scope="module")
def utterances(speech):
    """The first short ones of ten speakers, about 60 s."""
    chosen = {}
    for row in speech:
        if 3 < float(row["duration"]) < 9:
            chosen.setdefault(row["speaker"], row)
    return list(chosen.values())[:10]


@pytest.fixture(scope="module")
def talk(utterances):
    """All utterances with pauses of 0.7 s between, and where each begins and ends, in seconds."""
    pieces, places, seconds = [], [], 0.0
    for row in utterances:
        audio = load_audio(row["file"])
        places.append((seconds, seconds + len(audio) / RATE))
        pieces += [audio, silence(0.7)]
        seconds = places[-1][1] + 0.7
    return np.concatenate(pieces), places


@pytest.fixture(scope="module")
def transcript(pipe, talk):
    return pipe(talk[0], mode="batched", return_timestamps=True)


@pytest.fixture(scope="module")
def words(pipe, talk):
    return pipe(talk[0], mode="batched", return_timestamps="word", return_tags=False)


def word_errors(said, heard):
    """Word error rate of two texts, capitals and punctuation aside."""
    return jiwer.wer(_normalize(said), _normalize(heard))


def assert_close(result, reference):
    assert {**result, "audio_tags": ()} == {**reference, "audio_tags": ()}
    assert_close_tags(result["audio_tags"], reference["audio_tags"])


def assert_close_tags(tags, reference, tolerance=1e-3):
    assert [window["timestamp"] for window in tags] == [window["timestamp"] for window in reference]
    for ours, theirs in zip(tags, reference, strict=True):
        scores = {tag["label"]: tag["score"] for tag in ours["tags"]}
        assert scores == pytest.approx({tag["label"]: tag["score"] for tag in theirs["tags"]}, abs=tolerance)


# --- up to 30 s ---


@data
@pytest.mark.parametrize("timestamps", [None, True, "word"])
def test_short_files_are_what_sequential_greedy_decoding_gives(pipe, jfk, timestamps):
    expected = pipe(jfk, mode="sequential", return_timestamps=timestamps)
    result = pipe(jfk, mode="batched", return_timestamps=timestamps)
    if timestamps == "word":
        times = [chunk["timestamp"] for chunk in result["chunks"]]
        assert times == [pytest.approx(chunk["timestamp"], abs=0.05) for chunk in expected["chunks"]]
        result, expected = ({**each, "chunks": [c["text"] for c in each["chunks"]]} for each in (result, expected))
    assert_close(result, expected)


def test_tags_are_those_of_sequential_mode(pipe, sample):
    options = {"threshold": 0.0, "top_k": None, "at_time_res": 2}
    expected = pipe(sample, mode="sequential", **options)["audio_tags"]
    assert_close_tags(pipe(sample, mode="batched", **options)["audio_tags"], expected)


def test_text_alone_and_tags_alone(pipe, sample):
    both = pipe(sample, mode="batched")
    assert pipe(sample, mode="batched", return_tags=False) == {name: both[name] for name in ("text", "language")}
    tags = pipe(sample, mode="batched", return_text=False)
    assert set(tags) == {"audio_tags"}
    assert tags == pipe(sample, return_text=False)


# --- longer than a window ---


@data
def test_every_utterance_is_there_once(pipe, utterances, transcript):
    assert word_errors(" ".join(row["transcript"] for row in utterances), transcript["text"]) < 0.15
    assert transcript["text"] == "".join(chunk["text"] for chunk in transcript["chunks"])


@data
def test_times_are_on_the_clock_of_the_file(pipe, utterances, talk, transcript):
    audio, places = talk
    assert len(audio) > 55 * RATE
    last = 0.0
    for chunk in transcript["chunks"]:
        start, end = chunk["timestamp"]
        assert last <= start <= end <= len(audio) / RATE + POSITION
        last = end
    for (begin, end), row in zip(places, utterances, strict=True):
        near = [
            chunk
            for chunk in transcript["chunks"]
            if begin - 1 < chunk["timestamp"][0] and chunk["timestamp"][1] < end + 1.6  # tiny.en's ends come late
        ]
        heard = "".join(chunk["text"] for chunk in near)
        assert word_errors(row["transcript"], heard) < 0.5, (row["path"], heard)


@data
def test_words_one_by_one(pipe, utterances, talk, words, transcript):
    audio, places = talk
    assert "".join(chunk["text"] for chunk in words["chunks"]) == words["text"] == transcript["text"]
    starts = [chunk["timestamp"][0] for chunk in words["chunks"]]
    ends = [chunk["timestamp"][1] for chunk in words["chunks"]]
    assert all(0 <= start <= end <= len(audio) / RATE + POSITION for start, end in zip(starts, ends, strict=True))
    assert min(np.diff(starts)) > -0.3 and min(np.diff(ends)) > -0.3
    for (begin, end), row in zip(places, utterances, strict=True):
        inside = "".join(
            chunk["text"] for chunk in words["chunks"] if begin - 0.35 < sum(chunk["timestamp"]) / 2 < end + 0.35
        )
        assert word_errors(row["transcript"], inside) < 0.5, (row["path"], inside)


@data
def test_tags_of_a_long_file(pipe, talk, transcript):
    """Close to those of windows side by side, without text."""
    expected = pipe(talk[0], return_text=False, labels="Speech", threshold=0.0)["audio_tags"]
    ours = transcript["audio_tags"]
    assert [window["timestamp"] for window in ours] == [window["timestamp"] for window in expected]
    for window, reference in zip(ours, expected, strict=True):
        (score,) = [tag["score"] for tag in window["tags"] if tag["label"] == "Speech"]
        assert score == pytest.approx(reference["tags"][0]["score"], abs=0.25)


@data
def test_files_of_one_batch_are_what_each_is_alone(pipe, talk, jfk, transcript):
    audio, _ = talk
    clips = [jfk, audio, jfk[: 3 * RATE], audio[: 31 * RATE]]
    options = {"mode": "batched", "return_timestamps": True, "generate_kwargs": GREEDY}
    together = pipe(clips, batch_size=4, **options)
    assert_close(together[1], transcript)
    for index in (0, 2, 3):
        assert_close(together[index], pipe(clips[index], batch_size=1, **options))


@data
def test_short_and_long_files_without_timestamps(pipe, talk, jfk, transcript):
    results = pipe([jfk, talk[0]], mode="batched", return_tags=False)
    assert results[0] == pipe(jfk, mode="batched", return_tags=False)
    assert results[1] == {name: transcript[name] for name in ("text", "language")}


def test_generators(pipe, sample):
    options = {"mode": "batched", "return_tags": False}
    clips = [sample, sample[:48000]]
    assert list(pipe((clip for clip in clips), **options)) == pipe(clips, **options)


@data
def test_audio_that_is_hardly_longer_than_a_window(pipe, talk):
    audio, seconds = talk[0], 31.0
    result = pipe(audio[: int(seconds * RATE)], mode="batched", return_timestamps=True, generate_kwargs=GREEDY)
    assert result["chunks"][-1]["timestamp"][1] <= seconds
    assert result["audio_tags"][-1]["timestamp"][1] == seconds
    assert len(result["text"]) > 100


@data
def test_times_end_with_a_file_of_odd_length(pipe, jfk):
    audio = jfk[: int(7.013 * RATE)]
    for timestamps in (True, "word"):
        chunks = pipe(audio, mode="batched", return_timestamps=timestamps, return_tags=False)["chunks"]
        assert chunks[-1]["timestamp"][1] <= 7.013 + POSITION


@data
def test_what_only_generate_can_do_is_left_to_it(pipe, utterances, talk):
    options = {"generate_kwargs": {"num_beams": 2}, "return_timestamps": True}
    result = pipe(talk[0], mode="batched", **options)
    assert word_errors(" ".join(row["transcript"] for row in utterances), result["text"]) < 0.15
    starts = [chunk["timestamp"][0] for chunk in result["chunks"]]
    assert starts == sorted(starts)
    assert len(result["audio_tags"]) == -(-len(talk[0]) // (10 * RATE))


def test_languages_of_chunks_without_times(pipe, sample):
    """As in sequential mode; an English-only model names none."""
    expected = pipe(sample, mode="sequential", return_language=True, return_tags=False)
    assert pipe(sample, mode="batched", return_language=True, return_tags=False) == expected


# --- without words ---


@pytest.mark.parametrize("timestamps", [True, "word"])
def test_noise_and_silence(pipe, timestamps):
    """Whatever Whisper makes of them, there is a result, and what it says lies in the file."""
    noise = np.random.default_rng(0).normal(0, 0.1, 32 * RATE).astype(np.float32)
    clips = [silence(60), noise, silence(1 / RATE)]
    options = {"generate_kwargs": {**GREEDY, "max_new_tokens": 30}}
    results = pipe(clips, mode="batched", return_timestamps=timestamps, **options)
    assert results[0]["text"] == results[2]["text"] == ""
    for clip, result in zip(clips, results, strict=True):
        assert len(result["text"].split()) < 40
        for chunk in result.get("chunks", []):
            assert 0 <= chunk["timestamp"][0] <= chunk["timestamp"][1] <= len(clip) / RATE + POSITION
        assert result["audio_tags"][-1]["timestamp"][1] == pytest.approx(len(clip) / RATE, abs=1e-3)


# --- options ---


def test_saved_and_loaded_again(pipe, sample, tmp_path):
    pipe.save_pretrained(tmp_path)
    reloaded = pipeline("whisper-at", model=str(tmp_path), mode="batched")
    options = {"return_timestamps": True, "top_k": 2}
    assert_close(reloaded(sample, **options), pipe(sample, mode="batched", **options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "parallel"}, "mode='parallel' is unknown; use 'sequential' or 'batched'."),
        (
            {"mode": "batched", "chunk_length_s": 10},
            "mode='batched' cuts files at pauses by itself; leave chunk_length_s out.",
        ),
    ],
)
def test_bad_parameters_are_named_before_audio_is_read(pipe, options, message):
    with pytest.raises(InputError) as error:
        pipe("does-not-exist.wav", **options)
    assert str(error.value) == message


@pytest.mark.parametrize("options", [{"language": "de"}, {"language": "klingon"}, {"task": "translate"}])
def test_an_english_model_is_asked_for_more(pipe, sample, options):
    with pytest.raises(InputError, match="^The model knows English only: '.*' needs a multilingual one.$"):
        pipe(sample, mode="batched", generate_kwargs=options)
    english = {"language": "en", "task": "transcribe"}
    expected = pipe(sample, mode="batched", return_tags=False)
    assert pipe(sample, mode="batched", return_tags=False, generate_kwargs=english) == expected


# --- languages ---


@pytest.fixture(scope="module")
def two_languages(pipe):
    """A random model of two languages with windows of 2 s; its words are of no language."""
    extractor = WhisperFeatureExtractor(feature_size=MELS, chunk_length=2)
    return WhisperATPipeline(multilingual_model(seed=1), feature_extractor=extractor, tokenizer=pipe.tokenizer)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_file_has_the_language_of_its_first_window(two_languages, batch_size):
    checks = ("compression_ratio_threshold", "logprob_threshold", "no_speech_threshold")
    greedy = {**GREEDY, **dict.fromkeys(checks)}

    def transcribe(sound, **more):
        options = {"mode": "batched", "return_tags": False, "batch_size": batch_size}
        return two_languages(sound, **options, generate_kwargs={**greedy, **more})

    tones = np.concatenate([sine(1.7, frequency=100.0 + 300 * index) for index in range(20)])
    windows = list(cut_at_pauses([tones], RATE, 2))
    languages = [result["language"] for result in transcribe([window.samples for window in windows])]
    changes = [index for index in range(len(windows) - 2) if languages[index] != languages[index + 1]]
    assert {languages[index] for index in changes} == {"de", "en"}
    for index in changes[:4]:
        file = np.concatenate([window.samples for window in windows[index : index + 3]])
        texts = {language: transcribe(file, language=language)["text"] for language in ("de", "en")}
        assert texts["de"] != texts["en"]
        assert transcribe(file) == {"text": texts[languages[index]], "language": languages[index]}
