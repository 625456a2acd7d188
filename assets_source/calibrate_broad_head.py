"""Calibrate a broad head on scenes that it has not learnt from: scores become probabilities, each with a threshold.

    python assets_source/calibrate_broad_head.py SCENES --data DATA --runs RUNS --output HEAD --cache FOLDER

RUNS holds `all`, a run of `whisper-at train` on SCENES/train.csv, and for each fold of it another one (`0`, `1`, `2`)
that was told `--validation_fold` of that number. What these say of the fold that they have not learnt from makes the
calibration of all four; HEAD gets the first one, and HEAD-0, HEAD-1 and HEAD-2 the others, which test what is in no
other data (`evaluate_broad_head.py --crossed`). FOLDER: where the training keeps encoded features. Thresholds are so
high, too, that synthetic speech gets no other tags (`broad_head/synthetic_speech.py`, which needs espeak-ng).
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import torch
from broad_head.alarms import OF_SPEECH, RATE
from broad_head.calibration import fold, platt, thresholds
from broad_head.sources import FOLDS
from broad_head.synthetic_speech import WINDOW_S, WINDOWS, windows
from datasets import Dataset
from tqdm import tqdm

from whisper_at_hf import TLTRForAudioClassification
from whisper_at_hf.data import load_csv
from whisper_at_hf.features import extract_features, load_encoder

# A label that the teacher gives this much may be there, even where nothing says so; and this much, is.
UNSURE, SURE = 0.1, 0.5
# What synthetic speech may be called.
SPOKEN = (*OF_SPEECH, "Speech synthesizer", "Conversation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path, metavar="SCENES")
    parser.add_argument("--data", type=Path, required=True, help="as of render_broad_scenes.py")
    parser.add_argument("--runs", type=Path, required=True, help="folder of the four runs")
    parser.add_argument("--output", type=Path, required=True, help="folder for the calibrated head")
    parser.add_argument("--cache", type=Path, required=True, help="folder of encoded features")
    args = parser.parse_args()
    rows = load_csv(str(args.scenes / "train.csv"))
    heads = {name: TLTRForAudioClassification.from_pretrained(args.runs / name).eval() for name in (*FOLDS, "all")}
    truth, unsure = targets(args.scenes, heads["all"].config.labels)
    logits = np.concatenate([unheard(heads, rows, padding, args.cache) for padding in ("trim", "context")])
    truth, unsure = np.tile(truth, (2, 1)), np.tile(unsure, (2, 1))
    scale, shift = platt(logits, truth, unsure)
    speech = synthetic(heads["all"], args.data) * scale + shift
    speech[:, [heads["all"].config.labels.index(label) for label in SPOKEN]] = -np.inf
    limits = thresholds(logits * scale + shift, truth, unsure, speech)
    for name, head in heads.items():
        fold(head, scale, shift, limits)
        head.save_pretrained(args.output if name == "all" else args.output.with_name(f"{args.output.name}-{name}"))
    print(f"{len(rows)} windows, encoded in two ways; head in {args.output}")


@torch.no_grad()
def unheard(heads: dict[str, TLTRForAudioClassification], rows: Dataset, padding: str, cache: Path) -> np.ndarray:
    """`(windows, num_labels)`: of each clip by the head that has not learnt from its fold."""
    features = extract_features(rows, None, cache, padding=padding, announce=print)
    positions, folds = np.array(features.lookup(rows)), np.array(rows["fold"])
    result = np.empty((len(rows), heads["all"].config.num_labels), np.float32)
    for name in FOLDS:
        mine = np.flatnonzero(folds == name)
        for part in np.array_split(mine, -(-len(mine) // 64)):
            states = torch.from_numpy(features.batch(positions[part].tolist())).float()
            result[part] = heads[name](states).logits.numpy()
    return result


@torch.no_grad()
def synthetic(head: TLTRForAudioClassification, data: Path) -> np.ndarray:
    """`(windows, num_labels)` of synthetic speech, each encoded alone and in 30 s."""
    encoder, found = load_encoder(None), []
    for audio in tqdm(windows(data), desc="synthetic speech", unit="window", total=WINDOWS):
        for seconds in (WINDOW_S, 30):
            frames = encoder.feature_extractor(
                audio, sampling_rate=RATE, padding="max_length", max_length=seconds * RATE, return_tensors="pt"
            )
            states = encoder.model.get_pooled_states(frames.input_features)[:, :, :25]
            found.append(head(states).logits[0].numpy())
    return np.stack(found)


def targets(scenes: Path, labels: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Which labels each window has for certain, and which it may have: both `(windows, num_labels)`."""
    with (scenes / "train.csv").open(newline="", encoding="utf-8") as file:
        known = [set(row["labels"].split(";")) for row in csv.DictReader(file)]
    with (scenes / "teacher.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    said = np.array([line[3:] for line in lines], dtype=np.float32)[:, [header[3:].index(label) for label in labels]]
    return np.array([[label in one for label in labels] for one in known]) | (said >= SURE), said >= UNSURE


if __name__ == "__main__":
    main()
