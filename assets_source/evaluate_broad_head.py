"""What a broad head knows of recordings that no head has learnt from, beside its teacher.

    python assets_source/evaluate_broad_head.py --data DATA --head HEAD [--crossed] [--beside NAME=HEAD] \\
      --output FILE.json

Each label with a held-out clip is scored by its average precision over all held-out clips, and by how often it is
among the first five tags of its own clips. Clips are whole files, tagged as `whisper-at tag` does, by the highest
window of each label. What a clip is, is said by its data set or by its name (`broad_head/names.py`). False alarms are
tags, other than of speech, in an hour of speech, in silence and in quiet rooms (`broad_head/alarms.py`). With
`WHISPER_AT_TEACHER` set the teacher hears the same clips, and the same hour with one threshold for all labels.

With `--crossed` the sounds that the head has learnt from are tested too, each by the head of HEAD-0, HEAD-1 and HEAD-2
(`calibrate_broad_head.py`) that has not learnt from its fold. They count for labels that have too few other clips.
"""

import argparse
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from broad_head.alarms import OF_SPEECH, RATE, recordings
from broad_head.sources import FOLDS, Source, read_sources
from sklearn.metrics import average_precision_score
from tqdm import tqdm

from whisper_at_hf.audio import load_audio
from whisper_at_hf.features import load_encoder
from whisper_at_hf.model.tagging import resolve_thresholds
from whisper_at_hf.pipeline import WhisperATPipeline

# What a label needs to ship: stated before any head was looked at.
LEAST_CLIPS, LEAST_AP, LEAST_HITS = 5, 0.3, 0.6
# Some of its probabilities are small even where it is sure.
TEACHERS_THRESHOLD = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="as of render_broad_scenes.py, and emotion/")
    parser.add_argument("--head", required=True, help="its folder")
    parser.add_argument("--whisper", help="folder or hub id of the head's Whisper; default: the embedded one")
    parser.add_argument("--crossed", action="store_true", help="test what was learnt from, by heads that did not")
    parser.add_argument("--beside", action="append", default=[], metavar="NAME=HEAD", help="another head to score")
    parser.add_argument("--output", type=Path, required=True, help="JSON file")
    parser.add_argument("--no-alarms", action="store_true", help="leave the false alarms out")
    args = parser.parse_args()
    if not args.output.parent.is_dir():
        parser.error(f"--output '{args.output}' is in a folder that does not exist.")
    if strange := [one for one in args.beside if "=" not in one]:
        parser.error(f"--beside '{strange[0]}' is no NAME=HEAD.")
    clips = unheard(read_sources(args.data), args.crossed)
    audio = [load_audio(args.data / one.path) for one in tqdm(clips, desc="reading", unit="clip")]
    kept_apart = np.array([one.part == "test" for one in clips])
    quiet = {} if args.no_alarms else recordings(args.data)
    heads = {"head": args.head, **dict(one.split("=", 1) for one in args.beside)}
    models: dict[str, Model] = {name: Tagger(folder, args.whisper) for name, folder in heads.items()}
    if os.environ.get("WHISPER_AT_TEACHER"):
        models["teacher"] = Teacher(models["head"].labels)
    results: dict[str, Any] = {"clips": len(clips), "rendered": sum("rendered/" in one.path for one in clips)}
    results["crossed"] = sum(one.part != "test" for one in clips)
    results["minutes"] = {kind: minutes(files) for kind, files in quiet.items()}
    results["models"] = {}
    for name, model in models.items():
        truth = np.array([[label in one.known for label in model.labels] for one in clips])
        scores = np.stack([model(one) for one in tqdm(audio, desc=name, unit="clip")])
        if name == "head" and args.crossed:
            put_crossed(scores, args.head, args.whisper, clips, audio)
        results["models"][name] = evidence(scores, truth, model.labels, kept_apart)
        results["models"][name]["false_alarms"] = false_alarms(model, quiet)
    real = [one for one in clips if not one.path.startswith("rendered/")]
    for label, row in results["models"]["head"]["labels"].items():
        row["recordings"] = sum(label in one.known and (row["crossed"] or one.part == "test") for one in real)
    args.output.write_text(json.dumps(results, indent=2) + "\n")
    report(results)


def unheard(sources: list[Source], crossed: bool) -> list[Source]:
    """The recordings that test; of what was learnt from only real sounds of which no other fold has a part."""
    folds = defaultdict(set)
    for one in sources:
        folds[one.freesound_id or one.path].add(one.part)

    def tests(one: Source) -> bool:
        alone = one.path.startswith("sounds/") and len(folds[one.freesound_id or one.path]) == 1
        return one.part == "test" or (crossed and alone)

    return [one for one in sources if one.known and tests(one)]


def put_crossed(
    scores: np.ndarray, head: str, whisper: str | None, clips: list[Source], audio: list[np.ndarray]
) -> None:
    """Score `(clips, num_labels)` the clips of each fold by the head that has not learnt from it."""
    for fold in FOLDS:
        model = Tagger(f"{head}-{fold}", whisper)
        for place in tqdm([i for i, one in enumerate(clips) if one.part == fold], desc=f"fold {fold}", unit="clip"):
            scores[place] = model(audio[place])


class Model:
    """What hears audio, `(samples,)` at 16 kHz, window by window.

    Attributes:
        labels: what it knows.
        limits: the scores from which its labels count, one or `(num_labels,)`.
    """

    labels: list[str]
    limits: np.ndarray | float

    def windows(self, audio: np.ndarray) -> np.ndarray:
        """Scores `(windows, num_labels)`."""
        raise NotImplementedError

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """The highest scores of all windows, `(num_labels,)`."""
        return self.windows(audio).max(axis=0)

    def tagged(self, audio: np.ndarray) -> np.ndarray:
        """Which labels are over their limits, `(windows, num_labels)`."""
        return self.windows(audio) >= self.limits


class Tagger(Model):
    """A head on its Whisper; scores are logits."""

    def __init__(self, head: str, whisper: str | None = None):
        encoder = load_encoder(whisper)
        for name in list(encoder.model.config.heads):
            encoder.model.drop_head(name)
        encoder.model.load_head(head, "broad")
        self._pipe = WhisperATPipeline(
            encoder.model, feature_extractor=encoder.feature_extractor, tokenizer=None, device="cpu"
        )
        config = encoder.model.get_head("broad").config
        self.labels, self.limits = config.labels, resolve_thresholds(config).logit().numpy()

    def windows(self, audio: np.ndarray) -> np.ndarray:
        return self._pipe({"raw": audio, "sampling_rate": RATE}, return_text=False, return_logits=True)["tag_logits"]


class Teacher(Model):
    """EfficientAT's probabilities for some of its labels."""

    limits = TEACHERS_THRESHOLD

    def __init__(self, labels: list[str]):
        sys.path.append(str(Path(__file__).resolve().parents[1] / "recipes"))
        from efficientat import EfficientAT

        self.labels, self._teacher = labels, EfficientAT()
        self._places = [self._teacher.labels.index(label) for label in labels]

    def windows(self, audio: np.ndarray) -> np.ndarray:
        loud = soxr.resample(audio, RATE, self._teacher.sampling_rate)
        window = 10 * self._teacher.sampling_rate
        return self._teacher([loud[start : start + window] for start in range(0, len(loud), window)])[:, self._places]


def minutes(files: list[np.ndarray]) -> float:
    """How long they are together."""
    return sum(map(len, files)) / RATE / 60


def false_alarms(model: Model, quiet: dict[str, list[np.ndarray]]) -> dict[str, Any]:
    """Wrong tags a minute in each kind of recording, and which labels they have."""
    found = {}
    for kind, files in quiet.items():
        tagged = np.concatenate([model.tagged(one) for one in tqdm(files, desc=kind, unit="min")])
        right = OF_SPEECH if "speech" in kind else ()
        counts = {label: int(n) for label, n in zip(model.labels, tagged.sum(axis=0), strict=True) if n}
        wrong = {label: n for label, n in counts.items() if label not in right}
        found[kind] = {
            "a_minute": sum(wrong.values()) / minutes(files),
            "windows": len(tagged),
            "speech_tagged": float(tagged[:, model.labels.index("Speech")].mean()),
            "labels": dict(sorted(wrong.items(), key=lambda item: -item[1])),
        }
    return found


def evidence(scores: np.ndarray, truth: np.ndarray, labels: list[str], kept_apart: np.ndarray) -> dict[str, Any]:
    """Figures on the clips that nothing was learnt from (`kept_apart`), and on all for labels with few of those."""
    found = compared(scores[kept_apart], truth[kept_apart], labels)
    for label, row in compared(scores, truth, labels)["labels"].items():
        apart = found["labels"].get(label, {"clips": 0})
        crossed = apart["clips"] < min(LEAST_CLIPS, row["clips"])
        found["labels"][label] = {**(row if crossed else apart), "crossed": crossed}
    return {**found, **judged(found["labels"], labels)}


def compared(scores: np.ndarray, truth: np.ndarray, labels: list[str]) -> dict[str, Any]:
    """Figures of a model, both `(clips, num_labels)`: over all clips, and for each label that a clip has."""
    order = np.argsort(-scores, axis=1)
    rank = np.argsort(order, axis=1)
    first = truth[np.arange(len(truth)), order[:, 0]]
    per_label = {
        labels[place]: {
            "clips": int(truth[:, place].sum()),
            "ap": float(average_precision_score(truth[:, place], scores[:, place])),
            "top5": float((rank[truth[:, place], place] < 5).mean()),
        }
        for place in np.flatnonzero(truth.any(axis=0))
    }
    return {
        "top1": float(first.mean()),
        "top5": float((truth & (rank < 5)).any(axis=1).mean()),
        **judged(per_label, labels),
        "labels": per_label,
    }


def judged(per_label: dict[str, dict[str, Any]], labels: list[str]) -> dict[str, Any]:
    """What the rows of labels with enough clips come to, and which of these pass, in the order of `labels`."""
    tested = {label: row for label, row in per_label.items() if row["clips"] >= LEAST_CLIPS}
    return {
        "map": float(np.mean([row["ap"] for row in tested.values()])),
        "labels_tested": len(tested),
        "labels_passed": [label for label in labels if label in tested and passes(tested[label])],
    }


def passes(row: dict[str, float]) -> bool:
    """Whether a label may ship by what it did on held-out clips."""
    return row["ap"] >= LEAST_AP or row["top5"] >= LEAST_HITS


def report(results: dict[str, Any]) -> None:
    """The figures as tables."""
    models = results["models"]
    print(
        f"{results['clips']} clips, {results['rendered']} of them rendered by soundfonts or rule, "
        f"{results['crossed']} tested by the head of their fold\n"
    )
    kinds = list(results["minutes"])
    print(
        "| | top 1 | top 5 | mAP | labels tested | passed |"
        + "".join(f" false alarms/min, {kind} |" for kind in kinds)
    )
    print("|---" * (6 + len(kinds)) + "|")
    for name, found in models.items():
        figures = " | ".join(f"{100 * found[key]:.1f}" for key in ("top1", "top5", "map"))
        alarms = "".join(f" {found['false_alarms'][kind]['a_minute']:.2f} |" for kind in kinds)
        print(f"| {name} | {figures} | {found['labels_tested']} | {len(found['labels_passed'])} |{alarms}")
    print("\n| label | clips | recordings | " + " | ".join(f"{name}: AP | {name}: top 5" for name in models) + " |")
    print("|" + "---|" * (3 + 2 * len(models)))
    for label, row in sorted(models["head"]["labels"].items(), key=lambda item: -item[1]["ap"]):
        rows = [found["labels"].get(label) for found in models.values()]
        cells = [f"{one['ap']:.2f} | {one['top5']:.2f}" if one else "- | -" for one in rows]
        print(f"| {label} | {row['clips']} | {row['recordings']} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
