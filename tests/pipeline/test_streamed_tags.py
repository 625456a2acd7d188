"""Tags of a timeline that comes in pieces equal those of the whole timeline, and come as early as they can."""

import numpy as np
import pytest
from encoded_sound import EXTRACTOR, SAMPLES_PER_POSITION, Sound
from tiny import LAYERS, POOLING, STEPS, WIDTH, head_config, tiny_model

from whisper_at_hf.pipeline.options import TagOptions
from whisper_at_hf.pipeline.streamed_logits import StreamedLogits
from whisper_at_hf.pipeline.streamed_tags import StreamedTags

STEP_SECONDS = 0.4


@pytest.fixture(scope="module")
def model():
    moods = head_config(["calm", "angry", "Dog"], problem_type="single_label_classification")
    return tiny_model(heads={"default": head_config(), "moods": moods})


def streamed(model, sound, options):
    """The results of every window."""
    tags = StreamedTags(model, options, EXTRACTOR)
    *before, (_, last) = sound.windows()
    results = [tags.add(windows, SAMPLES_PER_POSITION * end) for end, windows in before]
    return [*results, tags.finish(last, sound.num_samples)]


def rows_of(results, name="audio_tags"):
    return [row for result in results for row in result[name]]


def assert_same_rows(rows, expected):
    assert [row["timestamp"] for row in rows] == [row["timestamp"] for row in expected]
    for ours, theirs in zip(rows, expected, strict=True):
        scores = {tag["label"]: tag["score"] for tag in ours["tags"]}
        assert scores == pytest.approx({tag["label"]: tag["score"] for tag in theirs["tags"]}, abs=1e-5)


def tagged_at_once(model, sound, options):
    resolution, states = (options.at_time_res, options.at_hop), sound.timeline()
    heads = options.used_heads(model)
    logits = {
        name: model.get_tag_logits(states, sound.num_frames, resolution[0], name, resolution[1]) for name in heads
    }
    return options.result(model, logits, sound.duration)


@pytest.mark.parametrize(
    ("at_time_res", "at_hop"),
    [(0.4, None), (2.0, None), (2.0, 0.4), (2.0, 1.2), (1.2, 0.8), (10.0, None), (10.0, 4.4)],
)
@pytest.mark.parametrize("seconds", [0.02, 0.7, 2.0, 11.31, 24.0, 24.007])
def test_joined_rows_are_those_of_the_whole_timeline(model, seconds, at_time_res, at_hop):
    sound = Sound(round(seconds * 16_000), seed=round(100 * seconds))
    options = TagOptions(at_time_res, at_hop, threshold=0.0, top_k=None, return_logits=True)
    results = streamed(model, sound, options)
    expected = tagged_at_once(model, sound, options)
    assert_same_rows(rows_of(results), expected["audio_tags"])
    logits = np.concatenate([result["tag_logits"] for result in results])
    np.testing.assert_allclose(logits, expected["tag_logits"], atol=1e-5)


def test_rows_come_as_soon_as_the_encoder_has_passed_their_end(model):
    ends = [end for end, _ in Sound(16_000 * 24, seed=1).windows()][:-1]
    sound = Sound(16_000 * 24, seed=1)
    window, hop = 2.0, 0.8
    results = streamed(model, sound, TagOptions(window, hop))
    seen = 0
    for end, result in zip(ends, results[:-1], strict=True):
        seen += len(result["audio_tags"])
        # A step that the window covers in part is not final.
        final = end // POOLING * STEP_SECONDS
        assert seen == max(0, int((final - window) / hop + 1e-9) + 1 if final >= window else 0)
    assert 0 < seen < len(rows_of(results))


def test_every_head_and_its_logits(model):
    sound = Sound(16_000 * 9)
    options = TagOptions(2.0, heads=["moods", "default"], threshold=0.0, top_k=None, return_logits=True)
    results = streamed(model, sound, options)
    expected = tagged_at_once(model, sound, options)
    assert all(set(result) == set(expected) for result in results)
    for name in ("moods", "default"):
        rows = [row for result in results for row in result["tags_by_head"][name]]
        assert_same_rows(rows, expected["tags_by_head"][name])
        logits = np.concatenate([result["tag_logits_by_head"][name] for result in results])
        np.testing.assert_allclose(logits, expected["tag_logits_by_head"][name], atol=1e-5)


@pytest.mark.parametrize("at_time_res", [0.4, 4.0])
def test_what_is_held_does_not_grow(model, at_time_res):
    """One tag window and one window of the encoder, with the step that it begins in."""
    logits = StreamedLogits(model, ["default"], at_time_res, None, EXTRACTOR)
    bytes_per_step = LAYERS * WIDTH * 4
    limit = round(at_time_res / STEP_SECONDS) + STEPS + 1
    for end, windows in Sound(16_000 * 60).windows():
        logits.add(windows, SAMPLES_PER_POSITION * end)
        assert logits._timeline.states.untyped_storage().nbytes() <= limit * bytes_per_step


def test_steps_past_the_end_do_not_count(model):
    """The encoder's window is longer than the end of a long file, and what it says of the rest is not tagged."""
    sound = Sound(16_000 * 4 + 1600)
    results = [streamed(model, sound, TagOptions(2.0, return_logits=True))[-1]["tag_logits"]]
    sound = Sound(16_000 * 4 + 1600)
    sound.states[:, sound.num_steps * POOLING :] += 100
    results.append(streamed(model, sound, TagOptions(2.0, return_logits=True))[-1]["tag_logits"])
    np.testing.assert_array_equal(*results)
