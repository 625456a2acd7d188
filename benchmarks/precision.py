"""How far tags in float16 and bfloat16 lie from those in float32, and how much of that is the weights' rounding alone.

    python benchmarks/precision.py --data DATA [--model MODEL] [--every 2]

Scores of tag windows of 2 s and 10 s over the first 10 s of each clip of DATA/esc10. "Weights alone" rounds them to
the type and computes in float32: what no way of computing with such weights can better. Prints a table and, without
--output, writes `benchmarks/precision.json`.
"""

import argparse
from pathlib import Path

import torch
from transformers.utils import logging

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.analysis.cost.machine import describe_machine
from whisper_at_hf.audio import load_audio
from whisper_at_hf.audio.log_mel import log_mel
from whisper_at_hf.conversion.default_model import default_model_path
from whisper_at_hf.files import write_json
from whisper_at_hf.pipeline.loading import load_pipeline

BATCH = 16


def main() -> None:
    args = parse_arguments()
    logging.disable_progress_bar()
    path = args.model or str(default_model_path())
    extractor = load_pipeline(path, "cpu", "float32", with_decoder=False).feature_extractor
    clips = sorted((args.data / "esc10").rglob("*.ogg"))[:: args.every]
    features = torch.cat([log_mel(extractor, load_audio(clip), 160_000)[0] for clip in clips])
    expected = scores(load(path), features)
    found = {}
    for dtype in (torch.float16, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        found[name] = compared(scores(load(path, dtype=dtype), features), expected)
        found[f"{name}, weights alone"] = compared(scores(load(path, dtype=dtype).float(), features), expected)
    result = {"machine": describe_machine("cpu", torch.get_num_threads()), "clips": len(clips), "differences": found}
    write_json(args.output, result)
    print(table(found))


def load(path: str, **options: torch.dtype) -> WhisperATForAudioClassification:
    return WhisperATForAudioClassification.from_pretrained(path, **{"dtype": torch.float32, **options})


def scores(model: WhisperATForAudioClassification, features: torch.Tensor) -> dict[float, torch.Tensor]:
    """Scores by the length of a tag window in seconds, each `(clips, windows, labels)`."""
    parts = features.to(model.dtype).split(BATCH)
    states = torch.cat([model.get_pooled_states(part) for part in parts])
    frames = features.shape[-1]
    return {
        seconds: torch.stack([model.get_tag_logits(row, frames, seconds) for row in states]).sigmoid()
        for seconds in (2.0, 10.0)
    }


def compared(found: dict[float, torch.Tensor], expected: dict[float, torch.Tensor]) -> dict[str, dict[str, float]]:
    """Differences of scores, and the share of windows with the same best label."""
    rows = {}
    for seconds, wanted in expected.items():
        difference = (found[seconds] - wanted).abs()
        rows[f"{seconds:g} s"] = {
            "largest": float(difference.max()),
            "mean of the windows' largest": float(difference.amax(-1).mean()),
            "share of scores within 0.01": float((difference <= 0.01).double().mean()),
            "same best label": float((found[seconds].argmax(-1) == wanted.argmax(-1)).double().mean()),
        }
    return rows


def table(found: dict[str, dict[str, dict[str, float]]]) -> str:
    lines = [
        "| | window | largest | mean of the windows' largest | scores within 0.01 | same best label |",
        "|---|---|---|---|---|---|",
    ]
    for name, windows in found.items():
        for window, row in windows.items():
            largest, mean, within, same = row.values()
            lines.append(
                f"| {name} | {window} | {largest:.4f} | {mean:.4f} | {100 * within:.3f} % | {100 * same:.1f} % |"
            )
    return "\n".join(lines)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10/")
    parser.add_argument("--model", help="folder or hub id; default: the embedded model")
    parser.add_argument("--every", type=int, default=1, help="take each N-th clip")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
