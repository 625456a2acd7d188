"""Calibrate a broad head on the validation scenes: its scores become probabilities, with a threshold for each label.

    python assets_source/calibrate_broad_head.py SCENES --fitted-on RUN [--head FINAL] --output HEAD [--cache FOLDER]

RUN is a run of `whisper-at train` on SCENES/train.csv, which has not learnt from the validation scenes. What is found
for it is put into FINAL, which may have learnt from them too (the same recipe on both), or into RUN itself.
"""

import argparse
import csv
import shutil
from pathlib import Path

import numpy as np
import torch
from broad_head.calibration import fold, platt, thresholds

from whisper_at_hf import TLTRForAudioClassification
from whisper_at_hf.data import load_csv
from whisper_at_hf.features import extract_features

# A label that the teacher gives this much may be there, even where nothing says so.
UNSURE = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path, metavar="SCENES")
    parser.add_argument("--fitted-on", type=Path, required=True, help="folder of the run")
    parser.add_argument("--head", type=Path, help="folder of the head to calibrate, if it is another one")
    parser.add_argument("--output", type=Path, required=True, help="folder for the calibrated head")
    parser.add_argument("--cache", type=Path, required=True, help="folder for encoded features, as of the training")
    args = parser.parse_args()
    head = TLTRForAudioClassification.from_pretrained(args.fitted_on).eval()
    rows = load_csv(str(args.scenes / "validation.csv"))
    logits = np.concatenate([window_logits(head, rows, padding, args.cache) for padding in ("trim", "context")])
    truth, unsure = targets(args.scenes, head.config.labels)
    truth, unsure = np.tile(truth, (2, 1)), np.tile(unsure, (2, 1))
    scale, shift = platt(logits, truth, unsure)
    limits = thresholds(logits * scale + shift, truth, unsure)
    final = TLTRForAudioClassification.from_pretrained(args.head or args.fitted_on).eval()
    fold(final, scale, shift, limits)
    final.save_pretrained(args.output)
    shutil.copy((args.head or args.fitted_on) / "results.json", args.output / "results.json")
    print(f"{len(rows)} windows, encoded in two ways; {int((truth.sum(axis=0) >= 16).sum())} labels with positives.")


@torch.no_grad()
def window_logits(head: TLTRForAudioClassification, rows, padding: str, cache: Path) -> np.ndarray:
    """`(windows, num_labels)` of a data set's clips."""
    features = extract_features(rows, None, cache, padding=padding, announce=print)
    positions = features.lookup(rows)
    parts = [positions[start : start + 64] for start in range(0, len(positions), 64)]
    return np.concatenate([head(torch.from_numpy(features.batch(part)).float()).logits.numpy() for part in parts])


def targets(scenes: Path, labels: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Which labels the validation windows have for certain, and which the teacher deems possible."""
    with (scenes / "validation.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (scenes / "teacher.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    taught = {tuple(line[:3]): np.array(line[3:], dtype=np.float32) for line in lines}
    places = [header[3:].index(label) for label in labels]
    truth = np.array([[label in row["labels"].split(";") for label in labels] for row in rows])
    said = np.stack([taught[row["path"], row["start"], row["end"]][places] for row in rows])
    return truth | (said >= 0.5), said >= UNSURE


if __name__ == "__main__":
    main()
