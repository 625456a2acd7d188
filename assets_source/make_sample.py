"""Make the sample that ships with the package: a few words, then rain, all synthetic.

    python assets_source/make_sample.py

The speech is espeak-ng's (https://github.com/espeak-ng/espeak-ng, the program must be installed), the rain is drawn
below: noise in the colour of a downpour, and drops. Nobody's voice and nobody's recording, so the sample is free to
use. 20 s, 16 kHz, mono, 16 bit.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from whisper_at_hf.audio import load_audio

RATE = 16_000
TEXT = "Hello and welcome. This is a short recording for testing. In a moment, it will begin to rain."
VOICE = "en-us+f3"
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
    audio[start : start + len(speech)] = 0.07 * speech / speech.std()
    audio[SPEECH_S * RATE :] = 0.05 * rain(SECONDS - SPEECH_S)
    # The hiss of a microphone: digital silence between words is nothing that a recording has.
    audio += 0.002 * np.random.default_rng(0).standard_normal(len(audio)).astype(np.float32)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(args.output, audio / max(1.0, float(np.abs(audio).max())), RATE, subtype="PCM_16")
    print(f"{args.output}: {args.output.stat().st_size / 1000:.0f} kB")


def speak(text: str, voice: str = VOICE) -> np.ndarray:
    """The text in a voice of espeak-ng, 16 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", str(path), text], check=True)
        return load_audio(path, RATE)


def rain(seconds: float) -> np.ndarray:
    """A steady downpour and 300 drops a second, of root mean square 1."""
    rng = np.random.default_rng(0)
    samples = round(seconds * RATE)
    hertz = np.fft.rfftfreq(samples, 1 / RATE)
    # Little below 300 Hz, falling off above 5 kHz.
    colour = np.where(hertz > 300, 1.0, 0.3) / (1 + (hertz / 5_000) ** 2)
    downpour = np.fft.irfft(np.fft.rfft(rng.standard_normal(samples)) * colour, samples)
    drops = np.zeros(samples)
    decay = np.exp(-np.arange(200) / 30)  # a drop lasts about 2 ms
    for start in rng.integers(0, samples - len(decay), round(300 * seconds)):
        drops[start : start + len(decay)] += rng.uniform(0.2, 1.0) * rng.standard_normal(len(decay)) * decay
    mixed = downpour / downpour.std() + 0.7 * drops / drops.std()
    return (mixed / mixed.std()).astype(np.float32)


if __name__ == "__main__":
    main()
