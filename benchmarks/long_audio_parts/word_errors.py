"""Word errors of a transcript, both sides normalised as in the evaluation of Whisper."""

from functools import cache

import jiwer
from transformers.models.whisper.english_normalizer import EnglishTextNormalizer


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
