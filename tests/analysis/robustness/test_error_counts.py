"""Word errors and rates recomputed by hand."""

import numpy as np
import pytest

from whisper_at_hf.analysis.robustness.error_counts import ErrorCounts
from whisper_at_hf.analysis.robustness.word_errors import bootstrap_band, word_errors
from whisper_at_hf.errors import InputError

# Two utterances of 10 and 30 words, alone and over a dog and rain at 0 and -10 dB: utterance, sound, dB, wrong words.
ROWS = [
    (0, -1, np.nan, 1),
    (1, -1, np.nan, 2),
    (0, 0, 0.0, 2),
    (0, 1, 0.0, 3),
    (1, 0, 0.0, 4),
    (1, 1, 0.0, 7),
    (0, 0, -10.0, 6),
    (0, 1, -10.0, 5),
    (1, 0, -10.0, 8),
    (1, 1, -10.0, 37),
]


@pytest.fixture
def counts():
    return counts_of_rows(ROWS)


def counts_of_rows(rows):
    utterances, sounds, snrs, errors = (np.array(column) for column in zip(*rows, strict=True))
    return ErrorCounts(utterances, sounds, snrs, errors, np.where(utterances == 0, 10, 30), ["dog", "rain"])


@pytest.mark.parametrize(
    ("reference", "hypothesis", "wrong", "words"),
    [
        ("A MAN'S WEAPON", "A man's weapon.", 0, 4),  # "man's" is normalised to two words
        ("TWENTY THREE CATS", "23 cats!", 0, 2),
        ("THE CAT SAT", "the dog sat", 1, 3),
        ("THE CAT SAT", "cat sat down now", 3, 3),
        ("THE CAT SAT", "", 3, 3),
        ("THE CAT SAT", " ... ", 3, 3),
        ("MISTER KARA", "Mr. Kara, uh", 0, 2),
    ],
)
def test_words_that_are_wrong(reference, hypothesis, wrong, words):
    assert word_errors(reference, hypothesis) == (wrong, words)


def test_a_rate_is_all_wrong_words_over_all_words(counts):
    rate = counts.rate(counts.where(None))
    assert (rate["errors"], rate["words"], rate["transcriptions"]) == (3, 40, 2)
    assert rate["wer"] == pytest.approx(3 / 40)
    rate = counts.rate(counts.where(0.0))
    assert (rate["errors"], rate["words"], rate["transcriptions"], rate["runaways"]) == (16, 80, 4, 0)
    assert rate["capped"] == rate["wer"]
    rate = counts.rate(counts.where(-10.0, "rain"))
    assert rate["wer"] == pytest.approx(42 / 40) and rate["transcriptions"] == 2
    # The one with 37 of 30 words counts as 30.
    assert rate["capped"] == pytest.approx(35 / 40) and rate["runaways"] == 1
    assert counts.capped().rate(counts.where(-10.0, "rain"))["wer"] == pytest.approx(35 / 40)


def test_an_increase_is_the_mean_over_ratios_less_the_rate_alone(counts):
    assert counts.increase("dog", [0.0])["increase"] == pytest.approx(6 / 40 - 3 / 40)
    assert counts.increase("dog", [0.0, -10.0])["increase"] == pytest.approx((6 / 40 + 14 / 40) / 2 - 3 / 40)
    # Utterance 0: (4 - 1)/10; utterance 1: (22 - 2)/30. Resamples of two are both, or one of them twice.
    found = counts.increase("rain", [0.0, -10.0])
    assert found == {"increase": pytest.approx(23 / 40), "low": pytest.approx(0.3), "high": pytest.approx(20 / 30)}


def test_utterances_that_were_not_transcribed_over_a_class_count_on_neither_side():
    counts = counts_of_rows([row for row in ROWS if row[:2] != (1, 0)])
    assert counts.increase("dog", [0.0, -10.0])["increase"] == pytest.approx(4 / 10 - 1 / 10)
    assert counts.rate(counts.where(0.0, "dog"))["wer"] == pytest.approx(2 / 10)


def test_nothing_at_a_ratio(counts):
    with pytest.raises(InputError, match="Nothing was transcribed over 'dog'"):
        counts.increase("dog", [20.0])


def test_the_band_of_a_rate_holds_95_percent_of_resamples():
    rng = np.random.default_rng(1)
    words = np.full(400, 20)
    errors = rng.binomial(20, 0.1, size=400)
    low, high = bootstrap_band(errors, words)
    # By the normal approximation: 1.96 standard errors of a mean of 400.
    half = 1.96 * (errors / 20).std() / np.sqrt(400)
    assert (low, high) == (
        pytest.approx((errors / 20).mean() - half, abs=0.15 * half),
        pytest.approx((errors / 20).mean() + half, abs=0.15 * half),
    )
    assert bootstrap_band(errors, words) == (low, high)


def test_the_band_weighs_utterances_by_their_words():
    errors, words = np.array([10, 0]), np.array([10, 90])
    # Both long, both, or both short: 0, 10 and 100 %.
    assert bootstrap_band(errors, words) == (0.0, 1.0)
