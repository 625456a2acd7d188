"""What noise does to words: word error rate against signal-to-noise ratio, for any speech recognisers.

Source: Whisper-AT, https://arxiv.org/abs/2307.03183, section 2 and figure 1 (upper), and its scripts
gen_noisy_speech.py and compute_wer_cla.py in https://github.com/YuanGongND/whisper-at.
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...files import cache_directory, make_folder, write_atomically
from ..tables import free_name
from .error_counts import count_errors, counts_of
from .material import Material
from .pairs import Pair, draw_utterances, load_sounds, plan
from .recognisers import Recogniser, load_recogniser
from .report import draw_robustness, robustness_table
from .speech_data import load_speech
from .transcriptions import Announce, transcribe

# The paper's, and those of its small version that says the same with fewer transcriptions.
SNRS = (20.0, 10.0, 0.0, -5.0, -10.0, -20.0)
RESULTS_FILE = "robustness.json"
# A list of numbers that json has spread over many lines.
_NUMBERS = re.compile(r"\[\s+((?:-?[\d.]+|null)(?:,\s+(?:-?[\d.]+|null))*)\s+\]")


def analyze_robustness(
    speech: str | PathLike,
    sounds: str | PathLike,
    models: Sequence[str | None],
    output: str | PathLike,
    snrs: Sequence[float] = SNRS,
    utterances: int = 40,
    sounds_per_class: int = 1,
    cache: str | PathLike | None = None,
    batch_size: int = 16,
    dtype: str = "float32",
    device: str | None = None,
    seed: int = 0,
    fallback: bool = False,
    split: str | None = None,
    announce: Announce | None = None,
) -> dict[str, Any]:
    """Transcribe speech alone and over sounds, and write word error rates as JSON, table and figure.

    Interrupted and started again, it goes on where it was: texts are kept in `cache` as they come.

    Args:
        speech: see `load_speech`.
        sounds: see `load_sounds`; `split` is of these.
        models: see `load_recogniser`.
        output: folder for robustness.json, .md, .png and .svg, and transcriptions.csv with all texts.
        snrs: signal-to-noise ratios in dB, see `mixing`.
        utterances: how many are drawn, see `draw_utterances`.
        sounds_per_class: how many of each class each utterance is mixed with, see `plan`.
        cache: folder for texts; in the user's cache if None.
        batch_size, dtype, device, fallback: see `load_recogniser`.
        seed: draws utterances and sounds.
        announce: told what there is to do and how far it is; None for silence.

    Returns:
        What is in robustness.json: `utterances`, `sounds`, and for each of `models` its `points` (`snr`, `wer`, its
        95 % band from `low` to `high`, as fractions), its `classes` and, for each transcription, the indices of its
        utterance and sound, its ratio and its wrong words.

    Raises:
        InputError: unusable data, a model that does not load, a folder that cannot be written.
    """
    if not models:
        raise InputError("No model to transcribe with; pass --model.")
    chosen = draw_utterances(load_speech(speech), utterances, seed)
    planned = plan(chosen, load_sounds(str(sounds), split), snrs, sounds_per_class, seed)
    material = Material()
    pairs = material.usable(planned)
    if announce is not None:
        for name, reason in material.failures.items():
            announce(f"Left out: {name}: {reason}")
        announce(_describe(pairs, len(models)))
    results = _new_results(pairs, material.failures, {"seed": seed, "sounds_per_class": sounds_per_class})
    output = make_folder(Path(output))
    folder = cache_directory() / "texts" if cache is None else Path(cache)
    texts: list[list[str]] = []
    for model in models:
        recogniser = load_recogniser(model, batch_size, dtype, device, fallback)
        texts.append(transcribe(pairs, material, recogniser, folder, announce))
        results["models"].append(_model_results(recogniser, results, pairs, texts[-1]))
        write_results(results, output)
        _write_texts(results, pairs, texts, output / "transcriptions.csv")
    return results


def read_results(folder: str | PathLike) -> dict[str, Any]:
    """What `analyze_robustness` wrote to a folder. Raises InputError if that is not there."""
    path = Path(folder) / RESULTS_FILE
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if results["models"] and all(model["transcriptions"] and model["name"] for model in results["models"]):
            return results
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InputError(f"'{path}' does not hold word errors; run whisper-at analyze robustness --output {folder} first.")


def write_results(results: dict[str, Any], output: Path) -> None:
    """Write the JSON, the table and the figure. Raises InputError where they cannot be written."""
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    # A transcription a line, not a number.
    text = _NUMBERS.sub(lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text)
    write_atomically(output / RESULTS_FILE, text)
    write_atomically(output / "robustness.md", robustness_table(results))
    draw_robustness(results, output / "robustness")


def _describe(pairs: Sequence[Pair], models: int) -> str:
    spoken = {pair.utterance for pair in pairs}
    heard = {pair.sound for pair in pairs if pair.sound is not None}
    ratios = len({pair.snr for pair in pairs if pair.snr is not None})
    return (
        f"{len(pairs)} transcriptions for each of {models} models: {len(spoken)} utterances alone, and at {ratios} "
        f"ratios over {len(heard)} sounds of {len({sound.label for sound in heard})} classes."
    )


def _new_results(pairs: Sequence[Pair], failures: dict[str, str], settings: dict[str, Any]) -> dict[str, Any]:
    spoken = list(dict.fromkeys(pair.utterance for pair in pairs))
    heard = list(dict.fromkeys(pair.sound for pair in pairs if pair.sound is not None))
    words = dict(zip(spoken, count_errors([Pair(utterance) for utterance in spoken], [""] * len(spoken)), strict=True))
    return {
        "settings": {**settings, "snrs": list(dict.fromkeys(pair.snr for pair in pairs if pair.snr is not None))},
        "utterances": [
            {"name": utterance.name, "speaker": utterance.speaker, "words": words[utterance][1]}
            for utterance in spoken
        ],
        "sounds": [{"name": sound.name, "label": sound.label} for sound in heard],
        "left_out": failures,
        "models": [],
    }


def _model_results(
    recogniser: Recogniser, results: dict[str, Any], pairs: Sequence[Pair], texts: Sequence[str]
) -> dict[str, Any]:
    spoken = {pair: place for place, pair in enumerate(dict.fromkeys(pair.utterance for pair in pairs))}
    heard = {sound: place for place, sound in enumerate(dict.fromkeys(pair.sound for pair in pairs if pair.sound))}
    rows = [
        [spoken[pair.utterance], heard.get(pair.sound), pair.snr, wrong]
        for pair, (wrong, _) in zip(pairs, count_errors(pairs, texts), strict=True)
    ]
    model = {
        "name": free_name(recogniser.name, [other["name"] for other in results["models"]]),
        "settings": recogniser.settings,
        "transcriptions": rows,
    }
    counts, snrs = counts_of(model, results), results["settings"]["snrs"]
    points = [{"snr": snr, **counts.rate(counts.where(snr))} for snr in (None, *snrs)]
    classes = {
        label: {f"{snr:g}": counts.rate(rows)["wer"] for snr in snrs if (rows := counts.where(snr, label)).any()}
        for label in sorted(set(counts.labels))
    }
    return {"name": model["name"], "settings": model["settings"], "points": points, "classes": classes, **model}


def _write_texts(results: dict[str, Any], pairs: Sequence[Pair], texts: Sequence[Sequence[str]], path: Path) -> None:
    """A line for each transcription, to look up what became of the words."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["model", "utterance", "sound", "class", "snr", "wrong_words", "words", "transcript", "text"])
    for model, spoken in zip(results["models"], texts, strict=True):
        for pair, row, text in zip(pairs, model["transcriptions"], spoken, strict=True):
            sound = ("", "") if pair.sound is None else (pair.sound.name, pair.sound.label)
            snr = "" if pair.snr is None else f"{pair.snr:g}"
            words = results["utterances"][row[0]]["words"]
            writer.writerow(
                [model["name"], pair.utterance.name, *sound, snr, row[3], words, pair.utterance.transcript, text]
            )
    write_atomically(path, table.getvalue())
