"""The model card of the default head, filled with its measured scores."""

from pathlib import Path

from .material import LABELS

_TEMPLATE = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: audio-classification
base_model: openai/whisper-tiny.en
tags:
- whisper-at
- audio-tagging
metrics:
- mAP
---

# Sound tagging head for Whisper tiny.en

Tags {num_labels} kinds of sound from the encoder states of a frozen Whisper tiny.en, in the pass that also
transcribes. A Time-and-Layer-wise Transformer (TLTR) as in [Whisper-AT](https://arxiv.org/abs/2307.03183), projected
to {projection_dim} dimensions, {parameters:,} parameters. Multi-label, 10 s a decision.

Labels (AudioSet display names): {labels}.

```python
from whisper_at_hf import WhisperATForConditionalGeneration

model = WhisperATForConditionalGeneration.from_whisper("openai/whisper-tiny.en", head="path/to/this/folder")
```

## Scores

On recordings that neither the head nor its thresholds have seen: ESC-10 fold 5 ({clips} clips), LibriSpeech speakers
{speakers}, {instrument_clips} instrument clips. The 10 s window is encoded as it is, or with silence up to 30 s.

{table}

Mixtures are at 0 dB, the level being that of the parts that sound; the clip (up to 5 s) is heard once in 10 s of
speech, or looped. 40 clips are the first four of each class, 80 all. {rain}

| label | average precision, 10 s input | 30 s input | threshold |
|---|---|---|---|
{per_label}

## Training

By `recipes/default_head.yaml` of the source repository, where it is told how to run it. Random scenes of 10 s and 30 s
are made of speech, sounds (-10 to +15 dB relative to the speech), music, pauses and noise; {windows} windows of
0.4 to 10 s are labelled with what sounds in them for 0.25 s or more, and encoded alone and in their 30 s. Thresholds
were fitted on scenes of ESC-10 fold 4, five other speakers and other instrument clips, which were then learnt from too
(folds 1-4, 24 speakers). {epochs:g} epochs, batches of {batch}, highest learning rate {rate:g}.

## Limits

- A small head from little data (32 recordings a sound): for demonstration, tests and quick starts. For the 527 labels
  of AudioSet convert an original Whisper-AT head.
- Sounds that it does not know may get the most similar label; steady noise can pass for rain, waves or a helicopter.
- Music means single instruments (FSDKaggle2018), not songs. Speech was English, read aloud, and of adults.
- Windows shorter than 10 s (`at_time_res`) work less well; sounds of less than about 0.25 s may be missed.
- A short last window of a file, and synthetic speech in digital silence, can get a wrong tag (Dog, Helicopter).
- It fits Whisper tiny.en only.

## Licence and data

The weights: Apache-2.0. They were trained on
- ESC-10, CC BY 3.0: K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015;
  recordings by Freesound users;
- LibriSpeech (mini LibriSpeech train-clean-5), CC BY 4.0: V. Panayotov et al., "LibriSpeech: an ASR corpus based on
  public domain audio books", ICASSP 2015;
- instrument clips of FSDKaggle2018, CC BY 4.0: E. Fonseca et al., "General-purpose tagging of Freesound audio with
  AudioSet labels", DCASE 2018; recordings by Freesound users.
"""

# Row title, path into the results of one input length.
_ROWS = (
    ("mAP (macro)", ("mAP",)),
    ("sound over speech, 40 clips: sound in the top 3", ("mixed_40", "sound_in_top_3")),
    ("- Speech tagged", ("mixed_40", "speech_tagged")),
    ("sound over speech, 80 clips: sound in the top 3", ("mixed_80", "sound_in_top_3")),
    ("- sound above its threshold", ("mixed_80", "sound_tagged")),
    ("- Speech tagged", ("mixed_80", "speech_tagged")),
    ("- windows with a wrong tag", ("mixed_80", "with_false_tag")),
    ("looped sound over speech, 40 clips: sound in the top 3", ("mixed_looped_40", "sound_in_top_3")),
    ("- Speech tagged", ("mixed_looped_40", "speech_tagged")),
    ("sound alone: above its threshold", ("sound_alone_tagged",)),
    ("music alone: above its threshold", ("music_tagged",)),
    ("music over speech: above its threshold", ("music_over_speech_tagged",)),
    ("speech alone: windows with a wrong tag", ("speech_alone_with_false_tag",)),
)


def write_card(folder: Path, results: dict) -> None:
    """Write `README.md` into the head's folder from the results of `evaluate_default_head.py`."""
    short, long, training = results["input_10s"], results["input_30s"], results["training"]
    lines = ["| | 10 s input | 30 s input |", "|---|---|---|"]
    lines += [f"| {title} | {_score(short, path)} | {_score(long, path)} |" for title, path in _ROWS]
    per_label = [
        f"| {label} | {short['average_precision'][label]:.3f} | {long['average_precision'][label]:.3f} "
        f"| {results['thresholds'][label]:.2f} |"
        for label in LABELS
    ]
    rain = " and ".join(
        f"{value['right']} of {value['clips']} {name}" for name, value in results["rain_50_60_s"].items()
    )
    text = _TEMPLATE.format(
        num_labels=len(LABELS),
        labels=", ".join(f"`{label}`" for label in LABELS),
        clips=short["mixed_80"]["clips"],
        speakers=", ".join(results["held_out"]["speakers"]),
        instrument_clips=results["held_out"]["instrument_clips"],
        table="\n".join(lines),
        per_label="\n".join(per_label),
        rain=f"Rain looped over 50-60 s of a 90 s speech file is tagged there and in no other row for {rain}.",
        epochs=training["arguments"]["num_train_epochs"],
        batch=training["arguments"]["per_device_train_batch_size"],
        rate=training["arguments"]["learning_rate"],
        **{key: training[key] for key in ("projection_dim", "parameters", "windows")},
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def _score(results: dict, path: tuple[str, ...]) -> str:
    for key in path:
        results = results[key]
    return f"{100 * results:.1f} %"
