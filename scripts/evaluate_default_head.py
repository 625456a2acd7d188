"""Score the shipped head on held-out recordings: ESC-10 fold 5, four speakers, a fifth of the instrument clips.

    python scripts/evaluate_default_head.py --whisper openai/whisper-tiny.en --data DATA

Prints a table, and writes `benchmarks/default_head.json` and the scores in the head's card. DATA as for
`train_default_head.py`. About five minutes on two CPU cores.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from default_head.card import write_card
from default_head.features import Encoder
from default_head.heldout import Case, held_out_cases, rain_recordings
from default_head.material import LABELS, Material, load_material
from default_head.windows import WINDOW_STEPS
from sklearn.metrics import average_precision_score

from whisper_at_hf import TLTRForAudioClassification
from whisper_at_hf.tagging import cut_windows, resolve_thresholds

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_HEAD = ROOT / "src" / "whisper_at_hf" / "assets" / "default_head"
RESULTS = ROOT / "benchmarks" / "default_head.json"
INPUTS_S = (10, 30)  # encoder input, seconds
RAIN_ROW = 5  # 50-60 s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whisper", default="openai/whisper-tiny.en", help="folder or hub id of Whisper tiny.en")
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10/, speech/ and instruments/")
    parser.add_argument("--head", type=Path, default=DEFAULT_HEAD, help="folder of the head")
    parser.add_argument("--results", type=Path, default=RESULTS, help="JSON file for the scores")
    args = parser.parse_args()
    training = json.loads(args.results.read_text())["training"] if args.results.exists() else {}
    evaluate_and_report(Encoder(args.whisper), load_material(args.data)["test"], args.head, args.results, training)


def evaluate_and_report(encoder: Encoder, test: Material, folder: Path, results_file: Path, training: dict) -> None:
    """Score the head in `folder`; write the JSON and the card, print the table. `training` goes into the JSON."""
    head = TLTRForAudioClassification.from_pretrained(folder).eval()
    cases = held_out_cases(test)
    results = {
        "training": training,
        "held_out": {
            "esc10_fold": 5,
            "speakers": sorted(test.speech),
            "instrument_clips": sum(map(len, test.sounds["Music"].values())),
        },
        "thresholds": head.config.thresholds,
        **{f"input_{seconds}s": score_cases(encoder, head, cases, seconds) for seconds in INPUTS_S},
        "rain_50_60_s": score_rain(encoder, head, test),
    }
    results_file.parent.mkdir(parents=True, exist_ok=True)
    results_file.write_text(json.dumps(results, indent=2) + "\n")
    write_card(folder, results)
    print_table(results)


@torch.no_grad()
def score_cases(encoder: Encoder, head: TLTRForAudioClassification, cases: list[Case], seconds: int) -> dict:
    """All scores with one length of encoder input; the case lies in its first 10 s, the rest is silence."""
    states = [encoder.states(case.audio, seconds)[:, :WINDOW_STEPS] for case in cases]
    scores = torch.cat([head(part).logits for part in torch.stack(states).split(64)]).sigmoid().numpy()
    targets = np.array([[label in case.labels for label in LABELS] for case in cases])
    scored = np.array([case.kind != "mixed, looped" for case in cases])
    precision = {
        label: round(float(average_precision_score(targets[scored, i], scores[scored, i])), 4)
        for i, label in enumerate(LABELS)
    }
    limits = resolve_thresholds(head.config).numpy()
    of_kind = {kind: np.array([case.kind == kind for case in cases]) for kind in dict.fromkeys(c.kind for c in cases)}
    # 40 clips, four of each class, and all 80.
    first = np.array([case.among_first for case in cases])
    return {
        "mAP": round(float(np.mean(list(precision.values()))), 4),
        "average_precision": precision,
        "mixed_40": mixed_scores(scores, targets, limits, of_kind["mixed"] & first),
        "mixed_80": mixed_scores(scores, targets, limits, of_kind["mixed"]),
        "mixed_looped_40": mixed_scores(scores, targets, limits, of_kind["mixed, looped"]),
        "sound_alone_tagged": share((scores >= limits)[of_kind["sound"]][targets[of_kind["sound"]]]),
        "music_tagged": share((scores >= limits)[of_kind["music"], 1]),
        "music_over_speech_tagged": share((scores >= limits)[of_kind["music, mixed"], 1]),
        "speech_alone_with_false_tag": share((scores >= limits)[of_kind["speech"], 1:].any(axis=1)),
    }


def mixed_scores(scores: np.ndarray, targets: np.ndarray, limits: np.ndarray, chosen: np.ndarray) -> dict:
    """Of sounds over speech at 0 dB: the sound among the three best labels, tagged, Speech tagged, other tags."""
    scores, targets = scores[chosen], targets[chosen]
    tagged = scores >= limits
    sound = targets[:, 1:].argmax(axis=1) + 1
    rows = np.arange(len(scores))
    rank = (-scores).argsort(axis=1).argsort(axis=1)[rows, sound]
    return {
        "clips": len(scores),
        "sound_in_top_3": share(rank < 3),
        "sound_tagged": share(tagged[rows, sound]),
        "speech_tagged": share(tagged[:, 0]),
        "with_false_tag": share((tagged & ~targets).any(axis=1)),
    }


@torch.no_grad()
def score_rain(encoder: Encoder, head: TLTRForAudioClassification, test: Material) -> dict:
    """Rain looped over 50-60 s of 90 s of speech: its score per 10 s row, and whether that row alone is tagged."""
    limit = float(resolve_thresholds(head.config)[LABELS.index("Rain")])
    results = {}
    for name, recordings in rain_recordings(test).items():
        rows = []
        for audio in recordings:
            states = encoder.states(audio, 90)
            logits = head(cut_windows(states, 9, WINDOW_STEPS)).logits
            rows.append([round(value, 4) for value in logits.sigmoid()[:, LABELS.index("Rain")].tolist()])
        right = [[value >= limit for value in row] == [index == RAIN_ROW for index in range(9)] for row in rows]
        results[name] = {"right": sum(right), "clips": len(rows), "scores": rows}
    return results


def share(values: np.ndarray) -> float:
    """The mean of booleans, rounded."""
    return round(float(np.mean(values)), 4)


def print_table(results: dict) -> None:
    """The scores with both lengths of encoder input side by side."""
    columns = [results[f"input_{seconds}s"] for seconds in INPUTS_S]
    print(f"{'':40}" + "".join(f"{f'{seconds} s input':>12}" for seconds in INPUTS_S))
    for label in LABELS:
        print(f"{'AP ' + label:40}" + "".join(f"{column['average_precision'][label]:12.3f}" for column in columns))
    for name, value in columns[0].items():
        if isinstance(value, float):
            print(f"{name:40}" + "".join(f"{column[name]:12.3f}" for column in columns))
        elif name != "average_precision":
            for key in value:
                print(f"{name + ': ' + key:40}" + "".join(f"{column[name][key]:12.3f}" for column in columns))
    for name, rain in results["rain_50_60_s"].items():
        print(f"rain at 50-60 s, {name}: tagged there and nowhere else in {rain['right']} of {rain['clips']}")


if __name__ == "__main__":
    main()
