"""Make docs/gallery: ten recordings of espeak-ng's speech over sounds that no head has learnt from, and their tags.

    python assets_source/make_gallery.py --data DATA --first HEAD

The sounds were chosen by their names, not by what is heard in them; the speech is espeak-ng's, as in the sample
(`make_sample.py`). Each sound comes once, at the level of the speech, after the speech or, if it is long, over it.
HEAD is the first head of this package, beside which the shipped one is put. DATA as for `render_broad_scenes.py`.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile
from broad_head.sources import read_sources
from make_sample import RATE, speak
from transformers import pipeline
from twelve_sounds.scenes import level

import whisper_at_hf  # noqa: F401  registers the task
from whisper_at_hf.audio import load_audio

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "gallery"
SECONDS, SPEECH_S, LEVEL = 10, 4.5, 0.05
# name -> (recording, what is said)
RECORDINGS = {
    "thunderstorm": ("sounds/cc-sounds/thunderstorm.flac", "The windows are shut. Nobody should go out tonight."),
    "church-bells": ("sounds/cc-sounds/church_bells.flac", "We walk down to the village on Sunday morning."),
    "summer-night": ("sounds/cc-sounds/clear_night_1.flac", "It is late, and the meadow is full of life."),
    "engine": ("sounds/cc-sounds/engine_working_external_v8.flac", "They have repaired it, and it runs again."),
    "explosion": ("sounds/cc-sounds/explosion_huge_1.flac", "Please keep your distance from the quarry."),
    "shot": ("sounds/cc-sounds/shotgun_1.flac", "The race begins when you hear the signal."),
    "metal-door": ("sounds/cc-sounds/open_door_metal.flac", "Take the key and go to the cellar."),
    "rooster": ("esc10/rooster/5-194930-A.ogg", "Nobody on this farm sleeps after five."),
    "baby": ("esc10/baby_cry/5-151085-A.ogg", "I will call you back in a minute."),
    "violin": ("instruments/Violin_or_fiddle/0e7cd4eb.flac", "She practises every day after school."),
}
INTRODUCTION = """# Ten recordings, and what is heard in them

Speech of a program (espeak-ng) over sounds that no head of this package has learnt from, chosen by their names, not by
what is heard in them. Speech of other voices of that program helped to choose how sure a tag must be. In a clone with
the package installed:

```sh
whisper-at transcribe docs/gallery/*.flac
```

The embedded model with the head that ships now, and with this package's first one, which knew twelve sounds. Tags are
those over their thresholds, with their scores. Made by `python assets_source/make_gallery.py --data DATA --first
HEAD`. The sound is among the tags, by its own name or a wider one, in three of ten recordings with either head
(rooster, baby, violin); the others are too faint under speech, or too unlike what was learnt from, for so small a
model.

| recording | sound | text | tags | tags of the first head |
|---|---|---|---|---|
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--first", type=Path, required=True, help="folder of the first head")
    args = parser.parse_args()
    sources = {one.path: one for one in read_sources(args.data)}
    FOLDER.mkdir(parents=True, exist_ok=True)
    pipe = pipeline("whisper-at")
    default = pipe.model.config.default_head
    pipe.model.load_head(args.first, "first")
    lines, credits = [], []
    for name, (path, said) in RECORDINGS.items():
        source = sources[path]
        if source.part != "test":
            raise SystemExit(f"{path} was learnt from; choose another.")
        file = FOLDER / f"{name}.flac"
        soundfile.write(file, recording(load_audio(args.data / path), said), RATE, subtype="PCM_16")
        result = pipe(str(file), heads=[default, "first"])
        heard = [in_words(result["tags_by_head"][head]) for head in (default, "first")]
        cells = [f"[{name}]({name}.flac)", ", ".join(source.known), result["text"].strip(), *heard]
        lines.append(f"| {' | '.join(cells)} |")
        number = source.freesound_id
        where = f"https://freesound.org/s/{number}/" if number else source.origin
        credits.append(f"- {name}: {source.author}, {source.licence}, {where}; cut and mixed with speech")
    text = INTRODUCTION + "\n".join(lines) + "\n\nThe sounds are of\n\n" + "\n".join(credits) + "\n"
    (FOLDER / "README.md").write_text(text, encoding="utf-8")
    print(text)


def in_words(windows: list[dict]) -> str:
    """The tags of a recording's windows with their scores."""
    return ", ".join(f"{tag['label']} {tag['score']:.2f}" for window in windows for tag in window["tags"]) or "-"


def recording(sound: np.ndarray, said: str) -> np.ndarray:
    """`(samples,)` of 10 s: the words, and the sound at their level."""
    audio = np.zeros(SECONDS * RATE, np.float32)
    speech = speak(said)[: round(SPEECH_S * RATE)]
    audio[RATE // 4 : RATE // 4 + len(speech)] = speech * (LEVEL / level(speech))
    sound = sound[: len(audio)]
    start = min(round(SPEECH_S * RATE), len(audio) - len(sound))
    audio[start : start + len(sound)] += sound * np.float32(LEVEL / level(sound))
    audio += 0.001 * np.random.default_rng(0).standard_normal(len(audio)).astype(np.float32)
    return audio / max(1.0, float(np.abs(audio).max()))


if __name__ == "__main__":
    main()
