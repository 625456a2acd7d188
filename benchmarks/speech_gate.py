"""Words that Whisper makes up over sounds, and words of speech, with and without the speech gate.

    python benchmarks/speech_gate.py --data DATA            # the test part, at the default gate
    python benchmarks/speech_gate.py --data DATA --tune     # scores of a voice under text, on the tuning part

DATA holds `esc10/`, `speech/` and `emotion/`, each with a `labels.csv`. Test: 100 clips of ESC-10 without speech (fold
5, and twenty of fold 4), 100 utterances of read speech (all of the last nine speakers, whom the head did not learn
from, then of those before them), 80 acted sentences (every ninth of RAVDESS), and ten of the test mixtures of
`sound_events.py`. Tuning: the other sixty clips of fold 4, the other utterances, and every third sentence from the
second. Prints a table and writes `benchmarks/speech_gate.json` after each part.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sound_events.mixtures import RATE, TEST, labelled_rows, mixtures
from transformers import pipeline

import whisper_at_hf  # noqa: F401  registers the task
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import default_model_path
from whisper_at_hf.events import EventOptions
from whisper_at_hf.events.speech_gate import DEFAULT_GATE, MARGIN, voice_labels, voice_score

RESULTS = Path(__file__).with_suffix(".json")
PARTS = ("sounds", "read speech", "acted speech", "speech with sounds")
CLIPS_OF_FOLD_4, UTTERANCES, MIXTURES = 20, 100, 10
# Every how many acted sentences are looked at.
TUNING_STRIDE, TEST_STRIDE = 3, 9
_TIMED, _WORDS, _GATE = {"return_timestamps": True}, {"return_timestamps": "word"}, {"speech_gate": True}
COUNTED = {
    "words": {},
    "words with timestamps": _TIMED,
    "those behind the gate": _GATE,
}
# Counted too where there is speech alone.
WORD_BY_WORD = {
    "words with a time each": _WORDS,
    "those behind the gate, word by word": {**_WORDS, **_GATE},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", help="folder or hub id; the embedded default if left out")
    parser.add_argument("--tune", action="store_true", help="look at the scores of the tuning part")
    parser.add_argument(
        "--part", nargs="+", choices=PARTS, default=list(PARTS), help="what to test; results are merged"
    )
    args = parser.parse_args()
    pipe = pipeline("whisper-at", model=args.model or str(default_model_path()), device="cpu")
    sounds, speech, acted = material(args.data, args.tune)
    if args.tune:
        tune(pipe, {"sounds": sounds, "read speech": speech, "acted speech": acted})
        return
    mixed = [mixture.audio for mixture in mixtures(args.data, TEST, MIXTURES)]
    parts = dict(zip(PARTS, (sounds, speech, acted, mixed), strict=True))
    test(pipe, {name: parts[name] for name in args.part})


def material(data: Path, tuning: bool) -> tuple[list, list, list]:
    """Clips without speech, utterances, and acted sentences, as paths."""
    clips = labelled_rows(data / "esc10")
    fold4 = [row for row in clips if row["fold"] == "4"]
    every = len(fold4) // CLIPS_OF_FOLD_4
    sounds = [row for row in clips if row["fold"] == "5"] + fold4[::every]
    speech = labelled_rows(data / "speech")
    speakers = sorted({row["speaker"] for row in speech}, reverse=True)
    speech.sort(key=lambda row: speakers.index(row["speaker"]))
    acted = labelled_rows(data / "emotion")
    if tuning:
        return [row for row in fold4 if row not in sounds], speech[UTTERANCES:], acted[1::TUNING_STRIDE]
    return sounds, speech[:UTTERANCES], acted[::TEST_STRIDE]


def test(pipe: Any, parts: dict[str, list]) -> None:
    """Counts words of every part with the gate and without it."""
    for name, rows in parts.items():
        counted = COUNTED | (WORD_BY_WORD if name == "read speech" else {})
        counts = {"clips": len(rows), **dict.fromkeys(counted, 0)}
        for row in track(rows, name):
            for count, asked in counted.items():
                counts[count] += len(words(pipe, row, **asked))
        earlier = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        results = {**(earlier if earlier.get("gate") == DEFAULT_GATE else {}), "gate": DEFAULT_GATE, name: counts}
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    table = Table("", "clips", *COUNTED, *WORD_BY_WORD)
    for name in PARTS:
        if name in results:
            table.add_row(name, *map(str, results[name].values()))
    Console(width=120).print(table)


def words(pipe: Any, row: Any, **asked: Any) -> list[str]:
    """The words of a clip, as they are written."""
    return pipe(sound(row), return_tags=False, **asked)["text"].split()


def tune(pipe: Any, parts: dict[str, list]) -> None:
    """Prints what a voice scores under the text of each part."""
    voices = voice_labels(pipe.model.get_head().config.labels)
    columns = ("chunks", "words", "lowest", "1 %", "5 %", "median", "95 %", "words below 0.5", "0.6", "0.7", "0.8")
    table = Table("", *columns)
    for name, rows in parts.items():
        scores, sizes = [], []
        for row in track(rows, name):
            result = pipe(sound(row), return_tags=False, return_event_scores=True, **_TIMED)
            found = result["event_scores"]
            for chunk in result["chunks"]:
                near = np.abs(found["times"] - np.clip(found["times"], *chunk["timestamp"])) <= MARGIN + 0.2
                duration = chunk["timestamp"][1] - chunk["timestamp"][0]
                scores.append(voice_score(found["scores"][near][:, voices], EventOptions().hop, duration))
                sizes.append(len(chunk["text"].split()))
        scores, sizes = np.array(scores), np.array(sizes)
        below = [str(sizes[scores < limit].sum()) for limit in (0.5, 0.6, 0.7, 0.8)]
        marks = [f"{value:.3f}" for value in np.percentile(scores, [0, 1, 5, 50, 95])] if len(scores) else [""] * 5
        table.add_row(name, str(len(scores)), str(sizes.sum()), *marks, *below)
    Console(width=140).print(table)


def sound(row: Any) -> dict[str, Any]:
    """What the pipeline reads: a row of labels, or samples at 16 kHz."""
    return {"raw": load_audio(row["path"]) if isinstance(row, dict) else row, "sampling_rate": RATE}


if __name__ == "__main__":
    main()
