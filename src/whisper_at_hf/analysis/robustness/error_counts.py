"""Wrong words of many transcriptions, and the rates of any part of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import InputError
from .pairs import Pair
from .word_errors import bootstrap_band, word_errors


@dataclass
class ErrorCounts:
    """A row for each transcription.

    Attributes:
        utterances: `(rows,)`, index of the utterance.
        sounds: `(rows,)`, index of the sound; -1 for the speech alone.
        snrs: `(rows,)`, dB; NaN for the speech alone.
        errors: `(rows,)`, wrong words.
        words: `(rows,)`, words of the reference.
        labels: class of each sound.
    """

    utterances: np.ndarray
    sounds: np.ndarray
    snrs: np.ndarray
    errors: np.ndarray
    words: np.ndarray
    labels: list[str]

    def where(self, snr: float | None, label: str | None = None) -> np.ndarray:
        """`(rows,)`, which are at that ratio (None: the speech alone), and over a sound of that class if given."""
        rows = np.isnan(self.snrs) if snr is None else self.snrs == snr
        if label is not None:
            rows = rows & np.isin(self.sounds, [index for index, name in enumerate(self.labels) if name == label])
        return rows

    def rate(self, rows: np.ndarray) -> dict[str, Any]:
        """Word error rate of the chosen rows, all their wrong words over all their words, with its band.

        Besides it `capped`, see the method, and `runaways`, the rows with more wrong words than words.
        """
        errors, words = self._by_utterance(self.errors, rows), self._by_utterance(self.words, rows)
        low, high = bootstrap_band(errors[words > 0], words[words > 0])
        capped = np.minimum(self.errors, self.words)[rows].sum()
        return {
            "wer": float(errors.sum() / words.sum()),
            "low": low,
            "high": high,
            "errors": int(errors.sum()),
            "words": int(words.sum()),
            "transcriptions": int(rows.sum()),
            "capped": float(capped / words.sum()),
            "runaways": int((self.errors > self.words)[rows].sum()),
        }

    def capped(self) -> "ErrorCounts":
        """The same with no more wrong words than words in any row.

        Under noise Whisper sometimes repeats itself as long as it is let; a few such texts can outweigh all others.
        """
        return replace(self, errors=np.minimum(self.errors, self.words))

    def increase(self, label: str, snrs: Sequence[float]) -> dict[str, float]:
        """How much a class of sounds adds to the word error rate: its mean over the ratios less the rate without.

        Only utterances that were transcribed over the class count, on both sides.

        Raises:
            InputError: nothing was transcribed over the class at these ratios.
        """
        noisy = np.logical_or.reduce([self.where(snr, label) for snr in snrs])
        times = self._by_utterance(np.ones_like(self.errors), noisy)
        heard = times > 0
        if not heard.any():
            raise InputError(f"Nothing was transcribed over {label!r} at these ratios; choose others.")
        clean = self.where(None)
        words = self._by_utterance(self.words, clean)[heard]
        more = self._by_utterance(self.errors, noisy)[heard] / times[heard]
        more = more - self._by_utterance(self.errors, clean)[heard]
        low, high = bootstrap_band(more, words)
        return {"increase": float(more.sum() / words.sum()), "low": low, "high": high}

    def _by_utterance(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Sum of `values` over the chosen rows of each utterance, `(utterances,)`."""
        return np.bincount(self.utterances[rows], values[rows], minlength=self.utterances.max() + 1)


def count_errors(pairs: Sequence[Pair], texts: Sequence[str]) -> list[tuple[int, int]]:
    """`(wrong words, words)` of each pair's text."""
    return [word_errors(pair.utterance.transcript, text) for pair, text in zip(pairs, texts, strict=True)]


def counts_of(model: dict[str, Any], results: dict[str, Any]) -> ErrorCounts:
    """The counts of one of the models in the results of `robustness`."""
    rows = model["transcriptions"]
    utterances = np.array([row[0] for row in rows])
    words = np.array([utterance["words"] for utterance in results["utterances"]])
    return ErrorCounts(
        utterances=utterances,
        sounds=np.array([-1 if row[1] is None else row[1] for row in rows]),
        snrs=np.array([row[2] for row in rows], dtype=float),
        errors=np.array([row[3] for row in rows]),
        words=words[utterances],
        labels=[sound["label"] for sound in results["sounds"]],
    )
