"""Which pairs are transcribed: as many as said, the same each time, and all clips alike."""

from collections import Counter

import pytest
from noisy_speech import write_sounds

from whisper_at_hf.analysis.robustness.pairs import PAPER_SNRS, Pair, Sound, draw_utterances, load_sounds, plan
from whisper_at_hf.analysis.robustness.speech_data import Utterance
from whisper_at_hf.errors import InputError

SNRS = [20, 10, 0, -5, -10, -20]


def utterances(count, speakers=28, words=10):
    return [Utterance(f"u{i:03d}", f"u{i}.wav", " ".join(["word"] * words), f"s{i % speakers}") for i in range(count)]


def sounds(classes=10, clips=40):
    return [Sound(f"c{c}/{i:02d}", f"c{c}/{i}.wav", f"c{c}") for c in range(classes) for i in range(clips)]


def test_the_small_version_has_2400_pairs_and_the_speech_alone():
    pairs = plan(utterances(40), sounds(), SNRS)
    assert len(pairs) == 40 + 2400
    assert pairs[:40] == [Pair(utterance) for utterance in utterances(40)]
    assert [pair.snr for pair in pairs[40::400]] == [20.0, 10.0, 0.0, -5.0, -10.0, -20.0]
    # Every utterance over every class once at each ratio, and every clip once.
    assert set(Counter((pair.utterance, pair.sound.label, pair.snr) for pair in pairs[40:]).values()) == {1}
    assert set(Counter((pair.sound, pair.snr) for pair in pairs[40:]).values()) == {1}


def test_the_papers_version():
    pairs = plan(utterances(40), sounds(classes=50), PAPER_SNRS)
    assert len(pairs) == 40 + 40 * 50 * 9
    assert len({pair.sound for pair in pairs[40:]}) == 50 * 40


def test_the_same_sounds_at_every_ratio():
    pairs = plan(utterances(5), sounds(2, 7), [0, -10])
    by_ratio = [{(pair.utterance, pair.sound) for pair in pairs if pair.snr == snr} for snr in (0, -10)]
    assert by_ratio[0] == by_ratio[1] and len(by_ratio[0]) == 10


@pytest.mark.parametrize("each", [1, 3, 7])
def test_several_sounds_of_each_class_are_different_ones_and_serve_alike(each):
    pairs = plan(utterances(9), sounds(2, 7), [0], each)
    noisy = [pair for pair in pairs if pair.sound is not None]
    assert set(Counter((pair.utterance, pair.sound) for pair in noisy).values()) == {1}
    served = Counter(pair.sound for pair in noisy)
    assert len(noisy) == 9 * 2 * each and max(served.values()) - min(served.values()) <= 1


def test_the_seed_decides_and_the_order_of_the_data_does_not():
    shuffled = sounds()[::-1]
    assert plan(utterances(40), sounds(), SNRS, seed=1) == plan(utterances(40), shuffled, SNRS[::-1], seed=1)
    assert plan(utterances(40), sounds(), SNRS, seed=1) != plan(utterances(40), sounds(), SNRS, seed=2)
    assert draw_utterances(utterances(90), 40, 1) == draw_utterances(utterances(90)[::-1], 40, 1)
    assert draw_utterances(utterances(90), 40, 1) != draw_utterances(utterances(90), 40, 2)


def test_another_class_changes_nothing_for_the_rest():
    few, more = (set(plan(utterances(8), sounds(classes), SNRS)) for classes in (2, 3))
    assert few < more


def test_utterances_are_of_all_speakers_and_moderate_length():
    short, long = utterances(20, words=7), utterances(20, words=41)
    good = [Utterance(f"g{i}", "", " ".join(["word"] * (8 + 32 * (i % 2))), f"s{i % 28}") for i in range(100)]
    drawn = draw_utterances([*short, *good, *long], 40, 0)
    assert len(set(drawn)) == 40 and set(drawn) <= set(good)
    assert drawn == sorted(drawn, key=lambda utterance: utterance.name)
    # 28 speakers: each once, and 12 of them twice.
    assert Counter(Counter(utterance.speaker for utterance in drawn).values()) == {1: 16, 2: 12}


def test_too_few_utterances_or_clips():
    with pytest.raises(InputError, match="has 5 utterances of 8 to 40 words, not 6; pass --utterances 5"):
        draw_utterances([*utterances(5), *utterances(5, words=3)], 6, 0)
    with pytest.raises(InputError, match="'c0' has 2 clips; pass --sounds-per-class 2"):
        plan(utterances(2), sounds(1, 2), [0], 3)
    with pytest.raises(InputError, match="nothing to transcribe"):
        plan(utterances(2), sounds(1, 2), [])


@pytest.mark.parametrize("snr", [float("nan"), float("inf"), -800, 101])
def test_ratios_out_of_reach(snr):
    with pytest.raises(InputError, match=f"A ratio of {snr:g} dB is out of reach"):
        plan(utterances(2), sounds(1, 2), [0, snr])


def test_what_the_normaliser_leaves_nothing_of_has_no_words():
    silent = [Utterance("u", "u.wav", "[applause and cheering of the whole big happy crowd]")]
    with pytest.raises(InputError, match="has 0 utterances"):
        draw_utterances(silent, 1, 0)


def test_sounds_of_a_folder(tmp_path):
    loaded = load_sounds(str(write_sounds(tmp_path / "sounds", clips=2)))
    assert [(sound.name, sound.label) for sound in loaded] == [
        ("dog/dog0.wav", "dog"),
        ("dog/dog1.wav", "dog"),
        ("rain/rain0.wav", "rain"),
        ("rain/rain1.wav", "rain"),
    ]


def test_sounds_with_several_labels(tmp_path):
    folder = write_sounds(tmp_path / "sounds")
    (folder / "labels.csv").write_text("path,label\ndog/dog0.wav,dog;bark\n")
    with pytest.raises(InputError, match="dog0.wav' has 2 labels"):
        load_sounds(str(folder))
