"""Make recordings that the scenes are mixed of: instruments played by soundfonts, and signals made by rule.

    python assets_source/render_sources.py --train FluidR3_GM.sf2 --test TimGM6mb.sf2 --test sf_GMbank.sf2 \\
      --output MATERIAL/rendered

The soundfonts are in Debian's packages fluid-soundfont-gm (MIT; it may teach), timgm6mb-soundfont and csound-soundfont
(GPL and LGPL; they test). `pip install tinysoundfont==0.3.7`. MATERIAL/rendered gets the files and `labels.csv`, as
`broad_head/sources.py` reads it: half a minute.
"""

import argparse
import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from broad_head.instruments import RATE, VOICES, Player
from broad_head.signals import EXACT, signal
from tqdm import tqdm

# part -> phrases a voice and soundfont
PHRASES = {"train": 18, "test-only": 4}
SIGNALS = {"train": 27, "test-only": 8}
FLUID = ("MIT", "Frank Wen and contributors", "Fluid (R3) General MIDI SoundFont, Debian's fluid-soundfont-gm 3.1-5.3")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="soundfont to learn from")
    parser.add_argument("--test", type=Path, action="append", required=True, help="soundfont that only tests")
    parser.add_argument("--output", type=Path, required=True, help="folder for the recordings")
    args = parser.parse_args()
    rows = []
    for name, audio, row in [*phrases(args.train, args.test), *signals()]:
        path = args.output / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        if np.abs(audio).max() < 1e-3:
            continue  # a soundfont that lacks the instrument
        audio = audio / max(1.0, float(np.abs(audio).max()))
        soundfile.write(path, audio, RATE, subtype="PCM_16")
        rows.append({"path": f"{name}.flac", **row, "note": "", "seconds": round(len(audio) / RATE, 2)})
    with (args.output / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} recordings in {args.output}")


def phrases(train: Path, tests: list[Path]) -> Iterator[tuple[str, np.ndarray, dict[str, str]]]:
    """Name, `(samples,)` and row of each phrase."""
    for font, part in [(train, "train"), *((font, "test-only") for font in tests)]:
        player = Player(str(font))
        rng = np.random.default_rng(list(PHRASES).index(part))
        licence, author, origin = FLUID if font == train else ("tests only", "", font.name)
        for place, voice in enumerate(tqdm(VOICES, desc=f"{font.stem}, {part}", unit="voice")):
            labels = [*voice.labels, "Musical instrument", *(["Music"] if voice.melodic else [])]
            for number in range(PHRASES[part]):
                name = f"{font.stem}/{place:02d}-{re.sub('[^a-z]+', '-', voice.labels[0].lower())}-{part[:2]}{number}"
                row = {"source": font.stem, "licence": licence, "author": author, "origin": origin, "use": part}
                yield name, player.phrase(voice, rng), {**row, "labels": ";".join(labels)}


def signals() -> Iterator[tuple[str, np.ndarray, dict[str, str]]]:
    """Name, `(samples,)` and row of each signal; those that only resemble what they are called do not test."""
    row = {"source": "signals", "licence": "CC0", "author": "whisper-at-hf", "origin": "broad_head/signals.py"}
    for part, count in SIGNALS.items():
        rng = np.random.default_rng(10 + list(SIGNALS).index(part))
        for label in [label for label, exact in EXACT.items() if exact or part != "test-only"]:
            for number in range(count):
                name = f"signals/{re.sub('[^a-z]+', '-', label.lower())}-{part[:2]}{number}"
                yield name, signal(label, rng), {**row, "use": part, "labels": label}


if __name__ == "__main__":
    main()
