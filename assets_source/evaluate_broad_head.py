"""What a broad head knows of recordings that no head has learnt from, beside its teacher.

    python assets_source/evaluate_broad_head.py --data DATA --head HEAD --output FILE.json

HEAD is a run of `whisper-at train` on the scenes of `render_broad_scenes.py`. Each of its labels with a held-out clip
is scored by its average precision over all held-out clips, and by how often it is among the first five tags of its own
clips. Clips are whole files, tagged as `whisper-at tag` does, by the highest window of each label. What a clip is, is
said by its data set or by its name (`broad_head/names.py`). With `WHISPER_AT_TEACHER` set the teacher hears the same
clips.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from broad_head.names import labels_by_name
from broad_head.sources import Source, read_sources
from sklearn.metrics import average_precision_score
from tqdm import tqdm

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import default_model_path
from whisper_at_hf.pipeline import WhisperATPipeline

# What a label needs to ship: stated before any head was looked at.
LEAST_CLIPS, LEAST_AP, LEAST_HITS = 5, 0.3, 0.6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="as of render_broad_scenes.py")
    parser.add_argument("--head", required=True, help="its folder")
    parser.add_argument("--output", type=Path, required=True, help="JSON file")
    args = parser.parse_args()
    clips = [(one, known) for one in read_sources(args.data) if one.part == "test" and (known := known_labels(one))]
    audio = [load_audio(args.data / one.path) for one, _ in tqdm(clips, desc="reading", unit="clip")]
    labels, logits = head_logits(args.head, audio)
    truth = np.array([[label in known for label in labels] for _, known in clips])
    said = {"head": logits}
    if os.environ.get("WHISPER_AT_TEACHER"):
        said["teacher"] = teacher_scores(audio, labels)
    results = {"clips": len(clips), "models": {}}
    for name, scores in said.items():
        results["models"][name] = compared(scores, truth, labels)
    args.output.write_text(json.dumps(results, indent=2) + "\n")
    report(results)


def known_labels(source: Source) -> tuple[str, ...]:
    """The labels of a recording: its data set's, or those that its name tells."""
    return source.known or labels_by_name(source.path)


def head_logits(head: str, audio: list[np.ndarray]) -> tuple[list[str], np.ndarray]:
    """The head's labels, and its logits `(clips, num_labels)` on the embedded Whisper, the highest of all windows."""
    model = WhisperATForAudioClassification.from_pretrained(default_model_path())
    model.drop_head(model.config.default_head)
    model.load_head(head, "broad")
    from transformers import WhisperFeatureExtractor

    extractor = WhisperFeatureExtractor.from_pretrained(default_model_path())
    pipe = WhisperATPipeline(model, feature_extractor=extractor, tokenizer=None, device="cpu")
    results = pipe(
        ({"raw": one, "sampling_rate": 16_000} for one in tqdm(audio, desc="tagging", unit="clip")),
        return_text=False,
        return_logits=True,
        batch_size=8,
    )
    return model.get_head().config.labels, np.stack([result["tag_logits"].max(axis=0) for result in results])


def teacher_scores(audio: list[np.ndarray], labels: list[str]) -> np.ndarray:
    """`(clips, num_labels)` by EfficientAT, the highest of windows of 10 s."""
    from efficientat import EfficientAT

    teacher = EfficientAT()
    places = [teacher.labels.index(label) for label in labels]
    window = 10 * teacher.sampling_rate
    return np.stack(
        [
            teacher([one[start : start + window] for start in range(0, len(one), window)]).max(axis=0)[places]
            for one in tqdm(audio, desc="teacher", unit="clip")
        ]
    )


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
    tested = [row for row in per_label.values() if row["clips"] >= LEAST_CLIPS]
    passed = [label for label, row in per_label.items() if row["clips"] >= LEAST_CLIPS and passes(row)]
    return {
        "top1": float(first.mean()),
        "top5": float((truth & (rank < 5)).any(axis=1).mean()),
        "map": float(np.mean([row["ap"] for row in tested])),
        "labels_tested": len(tested),
        "labels_passed": passed,
        "labels": per_label,
    }


def passes(row: dict[str, float]) -> bool:
    """Whether a label may ship by what it did on held-out clips."""
    return row["ap"] >= LEAST_AP or row["top5"] >= LEAST_HITS


def report(results: dict[str, Any]) -> None:
    """The figures as tables."""
    models = results["models"]
    print(f"{results['clips']} clips\n")
    print("| | top 1 | top 5 | mAP | labels tested | labels passed |\n|---|---|---|---|---|---|")
    for name, found in models.items():
        figures = " | ".join(f"{100 * found[key]:.1f}" for key in ("top1", "top5", "map"))
        print(f"| {name} | {figures} | {found['labels_tested']} | {len(found['labels_passed'])} |")
    print("\n| label | clips | " + " | ".join(f"{name}: AP | {name}: top 5" for name in models) + " |")
    print("|" + "---|" * (2 + 2 * len(models)))
    for label, row in sorted(models["head"]["labels"].items(), key=lambda item: -item[1]["ap"]):
        cells = [
            f"{found['labels'][label]['ap']:.2f} | {found['labels'][label]['top5']:.2f}" for found in models.values()
        ]
        print(f"| {label} | {row['clips']} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
