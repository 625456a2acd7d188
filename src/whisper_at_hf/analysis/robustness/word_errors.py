"""Word errors of transcripts, both sides normalised as in the evaluation of Whisper, and rates over many of them."""

from functools import cache

import jiwer
import numpy as np
from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

RESAMPLES = 1000
# Of the band, in percent: 95 % of the resamples lie inside.
_PERCENTILES = (2.5, 97.5)


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """`(wrong words, words of the reference)`; wrong are the substituted, the missing and the added ones."""
    reference, hypothesis = _normaliser()(reference), _normaliser()(hypothesis)
    words = len(reference.split())
    if not hypothesis:
        return words, words
    counts = jiwer.process_words(reference, hypothesis)
    return counts.substitutions + counts.deletions + counts.insertions, words


@cache
def _normaliser() -> EnglishTextNormalizer:
    # Without the table that makes British spellings American, which is not part of transformers.
    return EnglishTextNormalizer({})


def bootstrap_band(errors: np.ndarray, words: np.ndarray) -> tuple[float, float]:
    """The band in which a word error rate would lie for other utterances of the kind, with 95 % confidence.

    Utterances are drawn anew with replacement, each with all that was transcribed of it, a thousand times
    (percentile bootstrap; Bisani and Ney, ICASSP 2004, https://doi.org/10.1109/ICASSP.2004.1326009).

    Args:
        errors: `(utterances,)`, wrong words of each; or how many more than without noise, for the band of an increase.
        words: `(utterances,)`, of the references.

    Returns:
        Lower and upper end, as fractions.
    """
    draws = np.random.default_rng(0).integers(len(errors), size=(RESAMPLES, len(errors)))
    low, high = np.percentile(errors[draws].sum(axis=1) / words[draws].sum(axis=1), _PERCENTILES)
    return float(low), float(high)
