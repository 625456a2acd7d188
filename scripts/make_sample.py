"""Make the sample that ships with the package: a sentence, then a ticking clock, all synthetic.

    python scripts/make_sample.py

The speech is espeak-ng's (https://github.com/espeak-ng/espeak-ng, the program must be installed), the clock is drawn
below: short bursts of decaying tones, "tick" and "tock" by turns, twice a second. Nobody's voice and nobody's
recording, so the sample is free to use. 20 s, 16 kHz, mono, 16 bit.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from whisper_at_hf.audio import load_audio

RATE = 16_000
TEXT = (
    "Hello and welcome. This is a short recording for testing. "
    "When I stop talking, you will hear an old clock on the wall."
)
SPEECH_S, SECONDS = 10, 20
DEFAULT_OUTPUT = Path(__file__).resolve().parents[1] / "src" / "whisper_at_hf" / "assets" / "sample.flac"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    args = parser.parse_args()
    audio = np.zeros(SECONDS * RATE, dtype=np.float32)
    speech = speak(TEXT)
    start = RATE // 2
    if start + len(speech) > SPEECH_S * RATE:
        raise SystemExit(f"The speech takes {len(speech) / RATE:.1f} s; shorten TEXT to fit {SPEECH_S} s.")
    audio[start : start + len(speech)] = 0.1 * speech / speech.std()
    clock = ticking(SECONDS - SPEECH_S)
    audio[SPEECH_S * RATE :] = 0.5 * clock / np.abs(clock).max()
    audio += 1e-4 * np.random.default_rng(0).standard_normal(len(audio)).astype(np.float32)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(args.output, audio / max(1.0, np.abs(audio).max()), RATE, subtype="PCM_16")
    print(f"{args.output}: {args.output.stat().st_size / 1000:.0f} kB")


def speak(text: str) -> np.ndarray:
    """The text in espeak-ng's American English, 16 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(path), text], check=True)
        return load_audio(path, RATE)


def ticking(seconds: float) -> np.ndarray:
    """A clock: every half second a click of a few decaying tones, in a higher and a lower key by turns."""
    rng = np.random.default_rng(0)
    clock = np.zeros(round(seconds * RATE), dtype=np.float32)
    time = np.arange(round(0.12 * RATE)) / RATE
    tones = [(2_300, 1.0, 90), (3_900, 0.7, 140), (5_700, 0.5, 200), (1_100, 0.4, 60)]  # Hz, share, decay a second
    for index, start in enumerate(range(RATE // 8, len(clock) - len(time), RATE // 2)):
        pitch = 1.0 if index % 2 == 0 else 0.8
        click = 0.6 * rng.standard_normal(len(time)) * np.exp(-400 * time)
        for hertz, share, decay in tones:
            click += share * np.sin(2 * np.pi * pitch * hertz * time) * np.exp(-decay * time)
        clock[start : start + len(time)] += click.astype(np.float32)
    return clock


if __name__ == "__main__":
    main()
