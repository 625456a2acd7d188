"""How far tag scores depend on where a row of 2 s lies in the encoder's 30 s, and what the timeline makes of it.

    python benchmarks/window_edges.py --data DATA

DATA holds `speech/` and `esc10/`, each with a `labels.csv`. Four minutes that the head was not trained on are encoded
every 2 s, so that each row is seen in all 15 positions; the median over these is what its scores should be, and the
largest difference from that is its error. Sequential mode is measured as it is, where the second of two windows that
overlap takes over in the middle, and with the first one that covers a position. Writes a JSON file too.
"""

import argparse
import csv
import json
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from transformers import pipeline

from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import default_model_path
from whisper_at_hf.model.timeline import TimelineRecorder

ROOT = Path(__file__).resolve().parents[1]
RATE, WINDOW, ROW, POSITIONS, MINUTES = 16_000, 30, 2, 15, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with speech/ and esc10/")
    audio = make_recording(parser.parse_args().data)
    pipe = pipeline("whisper-at", model=str(default_model_path()), num_beams=1)
    scores = scores_by_position(pipe, audio)
    truth = np.median(scores, axis=1)
    by_position = np.abs(scores - truth[:, None]).max(axis=2).mean(axis=0)
    middle = sequential_error(pipe, audio, truth)
    # The rule that was not taken is no option of the library.
    with mock.patch.object(TimelineRecorder, "_takeover", lambda recorder, file, start: recorder._covered[file]):
        first = sequential_error(pipe, audio, truth)
    print("| seconds into the window | mean error |\n|---|---|")
    print("\n".join(f"| {ROW * place}-{ROW * (place + 1)} | {value:.3f} |" for place, value in enumerate(by_position)))
    print(f"| sequential mode, the middle counts | {middle:.4f} |\n| ..., the first window counts | {first:.4f} |")
    results = {"rows": len(truth), "by_position": by_position.tolist(), "middle": middle, "first_window": first}
    (ROOT / "benchmarks" / "window_edges.json").write_text(json.dumps(results, indent=2) + "\n")


def make_recording(data: Path) -> np.ndarray:
    """Utterances of the four speakers that the head was not trained on, and sounds of ESC-10's fold 5, in turns."""
    speech, sounds = (list(csv.DictReader((data / name / "labels.csv").open())) for name in ("speech", "esc10"))
    held_out = sorted({row["speaker"] for row in speech}, key=int)[-4:]
    utterances = [load_audio(data / "speech" / row["path"]) for row in speech if row["speaker"] in held_out]
    clips = [load_audio(data / "esc10" / row["path"]) * 0.7 for row in sounds if row["fold"] == "5"]
    rng, pieces = np.random.default_rng(0), []
    while sum(map(len, pieces)) < MINUTES * 60 * RATE:
        pieces += [part[rng.integers(len(part))] for part in (utterances, clips)]
    return np.concatenate(pieces)[: MINUTES * 60 * RATE]


def scores_by_position(pipe, audio: np.ndarray) -> np.ndarray:
    """`(rows, positions, labels)`: scores of the rows that were seen in all positions."""
    windows = []
    for start in range(0, len(audio) - WINDOW * RATE + 1, ROW * RATE):
        inputs = pipe.feature_extractor(audio[start : start + WINDOW * RATE], sampling_rate=RATE, return_tensors="pt")
        states = pipe.model.get_pooled_states(inputs.input_features)[0]
        windows.append(torch.sigmoid(pipe.model.get_tag_logits(states, 100 * WINDOW, ROW)).numpy())
    # Row r lies at position p of the window that begins p rows before it.
    seen = np.stack(windows)
    return np.stack([seen[POSITIONS - 1 - p : len(seen) - p, p] for p in range(POSITIONS)], axis=1)


def sequential_error(pipe, audio: np.ndarray, truth: np.ndarray) -> float:
    """Mean error of the same rows in sequential mode."""
    logits = pipe(audio, mode="sequential", at_time_res=ROW, return_logits=True)["tag_logits"]
    scores = torch.sigmoid(torch.from_numpy(logits)).numpy()[POSITIONS - 1 : 1 - POSITIONS]
    return float(np.abs(scores - truth).max(axis=1).mean())


if __name__ == "__main__":
    main()
