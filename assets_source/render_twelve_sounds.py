"""Render scenes of twelve sounds in and over speech, as audio files with a CSV of labelled windows.

    python assets_source/render_twelve_sounds.py --data DATA --output SCENES

DATA holds `esc10/` (path, label, fold), `speech/` (path, speaker) and `instruments/` (path, label), each with a
`labels.csv`. SCENES gets `windows.csv` (path, labels, start, end, fold); fold 0 is made of the recordings that are in
the broad head's first fold, fold 1 of those in its second. About 0.6 GB and two minutes.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm
from twelve_sounds.material import FOLD_OF_PART, LABELS, SAMPLING_RATE, Material, load_material
from twelve_sounds.scenes import Scene, age, random_scene

STEP_S = 0.4
WINDOW_STEPS = 25  # 10 s
# A label counts from this much of it (seconds) in a window on; windows with less, but some, are left out.
LEAST_SECONDS = 0.25
# part -> (scene length in seconds, scenes, seed, whether they sound like old recordings)
SCENES = {
    "train": [(10, 1000, 1, False), (30, 700, 2, False), (10, 300, 5, True)],
    "validation": [(10, 200, 3, False), (30, 140, 4, False), (10, 60, 6, True)],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10/, speech/ and instruments/")
    parser.add_argument("--output", type=Path, required=True, help="folder for the scenes")
    args = parser.parse_args()
    material = load_material(args.data)
    args.output.mkdir(parents=True, exist_ok=True)
    with open(args.output / "windows.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "labels", "start", "end", "fold"])
        for part, fold in FOLD_OF_PART.items():
            rows = list(render_part(material[part], part, args.output))
            writer.writerows([*row, fold] for row in rows)
            print(f"{part}: {len(rows)} windows")


def render_part(material: Material, part: str, output: Path) -> Iterator[list]:
    """Write the scenes of one part of the data; yields `[path, labels, start, end]` of every window."""
    (output / part).mkdir(parents=True, exist_ok=True)
    for seconds, count, seed, old in SCENES[part]:
        rng = np.random.default_rng(seed)
        for index in tqdm(range(count), desc=f"{part}, {seconds} s", unit="scene"):
            scene = random_scene(material, seconds, rng)
            if old:
                age(scene, rng)
            if part == "validation" and not scene.audio.any():
                continue  # digital silence is in the training data, and sounds the same here
            path = f"{part}/{'old-' if old else ''}{seconds}s-{index:04d}.flac"
            soundfile.write(output / path, scene.audio, SAMPLING_RATE, subtype="PCM_16")
            for first, last in windows(scene, rng, part):
                labels = window_labels(scene, first, last)
                if labels is not None:
                    yield [path, ";".join(labels), round(first * STEP_S, 1), round(last * STEP_S, 1)]


def windows(scene: Scene, rng: np.random.Generator, part: str) -> list[tuple[int, int]]:
    """First and last step of the windows of a scene: those that the pipeline cuts, and in training others too."""
    steps = len(scene.activity)
    chosen = [(first, first + WINDOW_STEPS) for first in range(0, steps - WINDOW_STEPS + 1, WINDOW_STEPS)]
    if part == "train":
        if steps > WINDOW_STEPS:
            first = int(rng.integers(steps - WINDOW_STEPS + 1))
            chosen.append((first, first + WINDOW_STEPS))
        # As at the end of a file, or at a finer resolution.
        length = int(rng.integers(1, WINDOW_STEPS))
        first = int(rng.integers(steps - length + 1))
        chosen.append((first, first + length))
    return list(dict.fromkeys(chosen))


def window_labels(scene: Scene, first: int, last: int) -> list[str] | None:
    """What sounds in a window; None if something sounds too briefly to call it present or absent."""
    seconds = scene.activity[first:last].sum(axis=0)
    if ((seconds > 0) & (seconds < LEAST_SECONDS)).any():
        return None
    return [label for label, duration in zip(LABELS, seconds, strict=True) if duration]


if __name__ == "__main__":
    main()
