"""Render the scenes that a broad head learns from, as audio files with a CSV of windows, and say what is in them.

    python assets_source/render_broad_scenes.py --data DATA --output SCENES
    whisper-at teach --tagger recipes/efficientat.py:EfficientAT --data SCENES/windows.csv --output SCENES/mixed.csv
    whisper-at teach --tagger recipes/efficientat.py:EfficientAT --data SCENES/sources.csv --output SCENES/alone.csv
    python assets_source/join_teachings.py SCENES

DATA holds `esc10/`, `instruments/`, `speech/`, `sounds/` and, by `render_sources.py`, `rendered/`, each with a
`labels.csv` (`recipes/broad_head.yaml` tells their columns). SCENES gets the scenes,
`windows.csv` (path, labels, start, end, fold, sources), `sources.csv` and `manifest.csv`, which names every recording
with its licence, its author and the part of the data that it belongs to. Recordings in a scene are all of one fold,
but for speech, of which the last fold has none of its own.
"""

import argparse
import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
from broad_head.scenes import RATE, chances, random_scene
from broad_head.sources import FOLDS, Source, read_sources, write_manifest
from tqdm import tqdm

from whisper_at_hf.audio import load_audio

WINDOW_S = 10
# A recording counts for a window that holds at least so much of it.
LEAST_SECONDS = 0.25
# The one with scenes in which there is nothing at all.
SILENT_FOLD = "1"
# (seconds a scene, their share)
SCENES = [(10, 0.45), (30, 0.55)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10/, instruments/, speech/, sounds/")
    parser.add_argument("--output", type=Path, required=True, help="folder for the scenes")
    parser.add_argument("--scenes", type=int, default=10_000, help="how many; 40 kB for 10 s each")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    sources = read_sources(args.data)
    write_manifest(sources, args.output / "manifest.csv")
    _write(
        args.output / "sources.csv",
        ["path", "labels", "part"],
        [[(args.data / one.path).resolve(), ";".join(one.known), one.part] for one in sources if one.part != "test"],
    )
    rows = [row for fold in FOLDS for row in render(fold, sources, args)]
    _write(args.output / "windows.csv", ["path", "labels", "start", "end", "fold", "sources"], rows)
    print(f"{len(rows)} windows of {args.scenes} scenes in {args.output}")


def render(fold: str, sources: list[Source], args: argparse.Namespace) -> list[list]:
    """Write the scenes of one fold; gives a line for each of their windows."""
    sounds = [one for one in sources if one.part == fold and one.kind == "sound"]
    learnt = [one for one in sources if one.kind == "speech" and one.part != "test"]
    speech = [one for one in learnt if one.part == fold] or [one for one in learnt if one.part != "0"]
    numbers = {one: number for number, one in enumerate(one for one in sources if one.part != "test")}
    load = lru_cache(maxsize=None)(lambda one: load_audio(args.data / one.path))
    (args.output / fold).mkdir(exist_ok=True)
    rows, likely = [], chances(sounds)
    for seconds, share in SCENES:
        rng = np.random.default_rng([FOLDS.index(fold), seconds])
        count = round(share * args.scenes / len(FOLDS))
        for index in tqdm(range(count), desc=f"fold {fold}, {seconds} s", unit="scene"):
            scene = random_scene(sounds, speech, load, seconds, rng, likely)
            if fold != SILENT_FOLD and not scene.audio.any():
                continue  # digital silence sounds the same in every fold
            path = f"{fold}/{seconds}s-{index:05d}.flac"
            soundfile.write(args.output / path, scene.audio, RATE, subtype="PCM_16")
            for start in range(0, seconds, WINDOW_S):
                heard = scene.heard(start * RATE, (start + WINDOW_S) * RATE, round(LEAST_SECONDS * RATE))
                known = ";".join(dict.fromkeys(label for one in heard for label in one.known))
                rows.append([path, known, start, start + WINDOW_S, fold, " ".join(str(numbers[one]) for one in heard)])
    return rows


def _write(path: Path, header: list[str], rows: list[list]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
