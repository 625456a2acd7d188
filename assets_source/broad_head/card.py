"""The model card of the broad head, filled with its measured scores, and the credits of what it learnt from."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from twelve_sounds.material import LABELS

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
model-index:
- name: Sound tagging head for Whisper tiny.en
  results:
  - task:
      type: audio-classification
      name: Audio tagging
    dataset:
      name: {kept_apart} clips that nothing was learnt from, and {crossed} by heads that had not heard them
      type: broad-head
      split: test
    metrics:
    - type: mAP
      value: {mean_ap:.4f}
      name: mAP over the labels with evidence
---

# Sound tagging head for Whisper tiny.en

Tags {num_labels} kinds of sound, named as in AudioSet, from the encoder states of a frozen Whisper tiny.en, in the
pass that also transcribes. A Time-and-Layer-wise Transformer (TLTR) as in
[Whisper-AT](https://arxiv.org/abs/2307.03183), each layer projected to {projection_dim} dimensions, {parameters:,}
parameters. Multi-label, 10 s a decision.

```python
from whisper_at_hf import WhisperATForConditionalGeneration

model = WhisperATForConditionalGeneration.from_whisper("openai/whisper-tiny.en", head="path/to/this/folder")
```

## What it knows, and how well that is tested

A label is here if at least {least_clips} clips test it and if its average precision is {least_ap} or more, or it is
among the first five tags of {least_hits:.0%} of its clips; the bars were set before any head was scored. The bars were
applied among all 527 names of AudioSet (`benchmarks/broad_head_all_names.json` of the source repository), of which
these passed; that choice favours the figures below somewhat.

- **clips**: how many test the label. **recordings** of them are real; the others are phrases played by two soundfonts
  of which none was learnt from (one of them may share samples with the one that was), or signals made by rule.
- Nothing was learnt from these clips, but for labels with a *: they have fewer than {least_clips} such clips, and are
  tested on recordings that the shipped head has learnt from, too, each scored by a head of the same recipe that had
  not heard its third of them.
- **AP**: average precision among all clips. **top 5**: share of its clips with the label among the first five of this
  head's tags. **score**: from which it counts as heard.
- Fewer than ten clips show that a label works at all, not how well.

| label | clips | recordings | AP | top 5 | teacher's AP | score |
|---|---|---|---|---|---|---|
{per_label}

## Beside its teacher and the first head

| {kept_apart} clips that nothing was learnt from | this head | EfficientAT mn04_as, its teacher |
|---|---|---|
{beside}

False alarms are tags, other than of speech, a minute. The first head's twelve sounds, on ESC-10's fold 5 ({fold_clips}
clips), four speakers and {instrument_clips} instrument clips that none has learnt from, with 10 s and with 30 s of
encoder input:

| | this, 10 s | first, 10 s | this, 30 s | first, 30 s |
|---|---|---|---|---|
{twelve}

## Training

By `recipes/broad_head.yaml` of the source repository, where it is told how to run it. {sources} recordings under CC0,
CC BY, the MIT licence or in the public domain, {rendered} of them phrases of a soundfont and signals made for this,
were mixed into scenes of 10 s and 30 s, -5 to 15 dB against speech, in rooms and narrow bands; to these came the
scenes of the first head, of its twelve sounds at -20 to 15 dB. What a window holds was said by the names of the
recordings and by EfficientAT mn04_as (MIT, F. Schmid et al. 2023), of the mixture and of its parts. A logistic
regression for each label, folded into the last layer, makes its scores probabilities; it was fitted, as the
thresholds were, on windows that the head in question had not learnt from. {epochs:g} epochs, batches of {batch},
highest learning rate {rate:g}.

A larger Whisper brings some: by `recipes/broad_head_small.yaml`, on a fourth of the windows and without calibration,
mAP over the {small_tested} labels with evidence is {small_tiny} on tiny.en and {small_base} on base, and a right label
comes first for {small_tiny_top1} and {small_base_top1} of the clips. A head for base does not ship.

## Limits

- A small head for the smallest Whisper, from little data. For all 527 labels convert an original Whisper-AT head.
- It hears what sounds like its examples: many are effects for games, notes of a soundfont, sirens made by rule.
- Music means instruments, not songs. Speech was English, read aloud, and of adults.
- Windows shorter than 10 s (`at_time_res`) work less well; sounds of less than about 0.25 s may be missed.
- It fits Whisper tiny.en only.

## Licence and data

The weights: Apache-2.0. They were trained on parts of
- ESC-10, CC BY 3.0: K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015;
  recordings by Freesound users;
- LibriSpeech (mini LibriSpeech train-clean-5), CC BY 4.0: V. Panayotov et al., "LibriSpeech: an ASR corpus based on
  public domain audio books", ICASSP 2015;
- instrument clips of FSDKaggle2018, CC BY 4.0: E. Fonseca et al., "General-purpose tagging of Freesound audio with
  AudioSet labels", DCASE 2018; recordings by Freesound users;
- Fluid (R3) General MIDI SoundFont, MIT: F. Wen and others;
- {sounds} sounds of free collections, each with its licence and its author, or where that is named, in
  `assets_source/broad_head/manifest.csv` of the source repository; those under CC BY are credited in its NOTICE.
"""

_TWELVE = (
    ("mAP (macro)", ("mAP",)),
    ("sound over speech at 0 dB, 40 clips: in the top 3 of the twelve", ("mixed_40", "sound_in_top_3")),
    ("- above its threshold", ("mixed_40", "sound_tagged")),
    ("sound over speech at 0 dB, 80 clips: in the top 3 of the twelve", ("mixed_80", "sound_in_top_3")),
    ("- above its threshold", ("mixed_80", "sound_tagged")),
    ("- Speech tagged", ("mixed_80", "speech_tagged")),
    ("- with a wrong tag of the twelve", ("mixed_80", "with_false_tag")),
    ("looped sound over speech, 40 clips: above its threshold", ("mixed_looped_40", "sound_tagged")),
    ("- with a wrong tag of the twelve", ("mixed_looped_40", "with_false_tag")),
    ("sound alone: above its threshold", ("sound_alone_tagged",)),
    ("music alone: above its threshold", ("music_tagged",)),
    ("music over speech: above its threshold", ("music_over_speech_tagged",)),
    ("speech alone: windows with a wrong tag of the twelve", ("speech_alone_with_false_tag",)),
)


def card(
    evidence: dict[str, Any], twelve: dict[str, Any], first: dict[str, Any], facts: dict[str, Any], head: Any
) -> str:
    """The text of the card.

    Args:
        evidence: what `evaluate_broad_head.py` wrote of the head.
        twelve, first: what `evaluate_twelve_sounds.py` wrote of it, and of the first head.
        facts: `sources`, `sounds`, `epochs`, `batch`, `rate`, and the bars.
        head: the head.
    """
    mine, teacher = evidence["models"]["head"], evidence["models"]["teacher"]
    rows = sorted(((label, mine["labels"][label]) for label in head.config.labels), key=lambda row: -row[1]["clips"])
    per_label = [
        f"| {label}{'*' * row['crossed']} | {row['clips']} | {row['recordings']} | {row['ap']:.2f} "
        f"| {row['top5']:.2f} | {teacher['labels'][label]['ap']:.2f} | {head.config.thresholds[label]:.2f} |"
        for label, row in rows
    ]
    beside = [f"| {title} | {100 * mine[key]:.1f} % | {100 * teacher[key]:.1f} % |" for title, key in _BESIDE]
    beside += [
        f"| false alarms, {minutes:.0f} min of {kind} | {mine['false_alarms'][kind]['a_minute']:.2f} "
        f"| {teacher['false_alarms'][kind]['a_minute']:.2f} (scores of 0.3 or more) |"
        for kind, minutes in evidence["minutes"].items()
    ]
    columns = [results[f"input_{seconds}s"] for seconds in (10, 30) for results in (twelve, first)]
    lines = [f"| {title} |" + "".join(f" {_score(one, path)} |" for one in columns) for title, path in _TWELVE]
    lines += [
        f"| AP {label} |" + "".join(f" {one['average_precision'][label]:.3f} |" for one in columns) for label in LABELS
    ]
    return _TEMPLATE.format(
        num_labels=head.config.num_labels,
        projection_dim=head.config.projection_dim,
        parameters=head.num_parameters(),
        per_label="\n".join(per_label),
        beside="\n".join(beside),
        twelve="\n".join(lines),
        kept_apart=evidence["clips"] - evidence["crossed"],
        crossed=evidence["crossed"],
        mean_ap=mine["map"],
        fold_clips=twelve["input_10s"]["mixed_80"]["clips"],
        instrument_clips=twelve["held_out"]["instrument_clips"],
        **facts,
    )


_BESIDE = (
    ("a right label first", "top1"),
    ("a right label among the first five", "top5"),
    ("mAP over the labels with evidence", "map"),
)


def _score(results: dict, path: tuple[str, ...]) -> str:
    for key in path:
        results = results[key]
    return f"{100 * results:.1f} %"


def credits(manifest: list[dict[str, str]]) -> str:
    """A line for each author of recordings under a CC BY licence: their licences and where the recordings are from."""
    works = defaultdict(set)
    for row in manifest:
        if row["part"] != "test" and row["licence"].startswith("CC BY") and row["path"].startswith("sounds/"):
            works[row["author"]].add((row["licence"], row["origin"] or Path(row["path"]).stem))
    lines = []
    for author, found in sorted(works.items(), key=lambda item: item[0].lower()):
        licences = ", ".join(sorted({licence for licence, _ in found}))
        lines.append(f"  {author} ({licences}): {', '.join(sorted(origin for _, origin in found))}")
    return "\n".join(lines)
