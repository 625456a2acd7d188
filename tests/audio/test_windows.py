"""cut_at_pauses: where it cuts, that nothing is lost, and that blocks do not matter."""

import itertools

import numpy as np
import pytest
from memory import peak_bytes
from sounds import RATE, sine

from whisper_at_hf.audio import load_audio
from whisper_at_hf.audio.windows import cut_at_pauses
from whisper_at_hf.errors import InputError


def babble(seconds, pauses=(), pause_level=0.0, seed=0):
    """Noise whose loudness changes as that of speech does, 4 times a second, with `pauses` (start, end) in seconds."""
    count = round(seconds * RATE)
    time = np.arange(count) / RATE
    samples = np.random.default_rng(seed).normal(0, 0.1, count) * (1 + 0.8 * np.sin(2 * np.pi * 4 * time))
    for start, end in pauses:
        samples[round(start * RATE) : round(end * RATE)] *= pause_level
    return samples.astype(np.float32)


def cut(samples, **options):
    return list(cut_at_pauses([samples], **options))


def first_cut(samples):
    """Seconds."""
    return cut(samples)[1].start / RATE


def random_blocks(samples, seed):
    """Splits at random places, with empty blocks between."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.integers(0, len(samples) + 1, rng.integers(0, 60)))
    return itertools.chain([samples[:0]], np.split(samples, np.sort(np.concatenate([places, places[:3]]))))


def assert_covers(windows, samples, max_seconds=30.0):
    """Contiguous, on the grid of 20 ms, none too long or empty, and only the last one called so."""
    starts = [window.start for window in windows]
    lengths = [len(window.samples) for window in windows]
    assert starts == [0, *np.cumsum(lengths)[:-1]]
    assert all(start % 320 == 0 for start in starts)
    assert 0 < min(lengths) and max(lengths) <= max_seconds * RATE
    assert [window.is_last for window in windows] == [False] * (len(windows) - 1) + [True]
    assert all(window.samples.dtype == np.float32 for window in windows)
    np.testing.assert_array_equal(np.concatenate([window.samples for window in windows]), samples)


# --- nothing is lost ---


@pytest.mark.parametrize("seed", range(8))
def test_blocks_do_not_matter(seed):
    samples = babble(100.0 + seed, [(start, start + 0.4) for start in (22.2, 27.7, 41.0, 66.6)], seed=seed)
    whole = cut(samples)
    assert_covers(whole, samples)
    assert len(whole) >= 4
    split = list(cut_at_pauses(random_blocks(samples, seed)))
    assert [window.start for window in split] == [window.start for window in whole]
    assert_covers(split, samples)


@pytest.mark.parametrize(
    ("count", "windows"), [(0, 0), (1, 1), (319, 1), (30 * RATE, 1), (30 * RATE + 1, 2), (60 * RATE, None)]
)
@pytest.mark.parametrize("make", [np.zeros, lambda count: babble(count / RATE)], ids=["silence", "sound"])
def test_lengths(count, windows, make):
    samples = make(count).astype(np.float32)
    found = cut(samples)
    assert windows is None or len(found) == windows
    if count:
        assert_covers(found, samples)


@pytest.mark.parametrize("blocks", [[], [np.empty(0, np.float32)] * 3])
def test_no_samples_no_windows(blocks):
    assert list(cut_at_pauses(blocks)) == []


@pytest.mark.parametrize("max_seconds", [1.0, 7.31, 12])
def test_shorter_windows(max_seconds):
    samples = babble(40.0)
    assert_covers(cut(samples, max_seconds=max_seconds), samples, max_seconds)


def test_another_sampling_rate():
    windows = cut(sine(40.0, 8_000), sampling_rate=8_000)
    assert windows[1].start % 160 == 0 and 20 <= windows[1].start / 8_000 <= 30
    assert sum(len(window.samples) for window in windows) == 40 * 8_000


@pytest.mark.parametrize("max_seconds", [0, 0.5, -1, float("nan")])
def test_windows_too_short_for_a_pause(max_seconds):
    with pytest.raises(InputError, match="max_seconds"):
        cut(babble(1.0), max_seconds=max_seconds)


def test_windows_come_as_soon_as_there_is_enough_and_are_copies():
    read = []

    def blocks():
        for index in range(1000):
            read.append(index)
            yield block

    block = babble(1.0)
    window = next(cut_at_pauses(blocks()))
    assert len(read) == 31
    window.samples[:] = 0
    assert block.any()


def test_memory_does_not_grow_with_length():
    def peak(minutes):
        return peak_bytes(cut_at_pauses(babble(1.0, seed=index) for index in range(60 * minutes)))

    peak(1)  # imports
    assert peak(6) < 1.1 * peak(1)


# --- where it cuts ---


def rain(seconds):
    return np.random.default_rng(9).normal(0, 0.1 * 10 ** (-10 / 20), round(seconds * RATE)).astype(np.float32)


BACKGROUNDS = {
    "digital silence": lambda seconds: np.float32(0),
    "rain 10 dB below": rain,
    "hum 20 dB above": lambda seconds: sine(seconds, frequency=50.0, amplitude=1.4),
    "offset": lambda seconds: np.float32(0.9),
}


@pytest.mark.parametrize("volume", [1e-4, 1.0])
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_cuts_in_the_middle_of_a_pause(background, volume):
    samples = (babble(40.0, [(10.0, 11.0), (23.5, 24.1)]) + BACKGROUNDS[background](40.0)) * np.float32(volume)
    assert first_cut(samples) == pytest.approx(23.8, abs=0.1)


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([(21.0, 21.5), (28.0, 28.5)], 28.25),  # equally deep: the later
        ([(22.0, 22.5), (29.0, 29.06)], 22.25),  # a gap within a word is no pause
        ([(5.0, 8.0), (27.0, 27.4)], 27.2),  # too early
        ([(24.0, 26.0)], 25.0),
        ([(29.7, 31.0)], 29.85),  # what is seen of it
        ([(10.0, 31.0)], 25.0),
    ],
)
def test_which_pause(pauses, expected):
    assert first_cut(babble(40.0, pauses)) == pytest.approx(expected, abs=0.1)


def test_a_deeper_pause_wins_over_a_later_dip():
    samples = babble(40.0, [(22.0, 22.5)])
    samples[28 * RATE : round(28.5 * RATE)] *= 0.4
    assert first_cut(samples) == pytest.approx(22.25, abs=0.1)


def test_room_noise_does_not_make_a_pause_worse():
    samples = babble(40.0, [(22.0, 22.5)])  # digital silence
    samples[28 * RATE : round(28.5 * RATE)] *= 0.01
    assert first_cut(samples) == pytest.approx(28.25, abs=0.1)


def test_without_a_pause_the_quietest_place():
    samples = babble(40.0)
    samples[25 * RATE : 26 * RATE] *= 0.5
    assert first_cut(samples) == pytest.approx(25.5, abs=0.45)


def test_later_windows_are_cut_like_the_first():
    pauses = [(27.0, 27.6), (50.0, 50.6), (78.0, 78.6)]
    windows = cut(babble(100.0, pauses))
    assert [window.start / RATE for window in windows] == pytest.approx([0, 27.3, 50.3, 78.3], abs=0.1)


@pytest.mark.data
@pytest.mark.parametrize("snr_db", [None, 10], ids=["clean", "rain"])
def test_real_speech_is_not_cut_in_words(speech, esc10, snr_db):
    clean = np.concatenate([load_audio(row["file"]) for row in speech[::6]])
    noise = np.concatenate([load_audio(row["file"]) for row in esc10 if row["label"] == "rain"])
    noise = np.resize(noise / noise.std(), clean.shape)
    samples = clean if snr_db is None else clean + noise * np.float32(clean.std() * 10 ** (-snr_db / 20))
    windows = cut(samples)
    assert len(samples) / RATE / len(windows) > 25.0  # seconds; 30 would be ideal

    def depth(place):
        """How far, in dB, 0.2 s of the clean sound around `place` lie below the speech around it."""
        powers = clean[: len(clean) // 320 * 320].reshape(-1, 320).astype(np.float64) ** 2
        powers = powers.mean(axis=1) + 1e-12
        frame = place // 320
        return 10 * np.log10(
            np.percentile(powers[frame - 250 : frame + 250], 90) / powers[frame - 5 : frame + 5].max()
        )

    depths = np.array([depth(window.start) for window in windows[1:]])
    assert (depths > 15).mean() > (0.99 if snr_db is None else 0.9)


@pytest.mark.parametrize("seconds", [0.5, 31.0])
def test_what_comes_before_an_error_is_a_window(seconds):
    def broken():
        yield np.ones(round(seconds * RATE), np.float32)
        raise InputError("the cable is out")

    read = []
    with pytest.raises(InputError, match="cable"):
        for window in cut_at_pauses(broken()):
            read.append(window)
    assert sum(len(window.samples) for window in read) == round(seconds * RATE)
    assert read[-1].is_last
