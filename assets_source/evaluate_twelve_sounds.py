"""Score a head on the twelve sounds that the first head of this package knew, on recordings that none has learnt from.

    python assets_source/evaluate_twelve_sounds.py --data DATA [--head HEAD]

ESC-10 fold 5, four speakers, a fifth of the instrument clips, alone and over speech. Prints a table beside the first
head's scores (`benchmarks/twelve_sounds_first.json`), and writes `benchmarks/twelve_sounds.json`. DATA as for
`render_twelve_sounds.py`. About five minutes on two CPU cores.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import average_precision_score
from twelve_sounds.features import Encoder
from twelve_sounds.heldout import Case, held_out_cases, rain_recordings
from twelve_sounds.material import LABELS, Material, load_material

from whisper_at_hf import TLTRForAudioClassification
from whisper_at_hf.model.tagging import cut_windows, resolve_thresholds

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_HEAD = ROOT / "src" / "whisper_at_hf" / "assets" / "default_head"
RESULTS = ROOT / "benchmarks" / "twelve_sounds.json"
FIRST_RESULTS = ROOT / "benchmarks" / "twelve_sounds_first.json"
INPUTS_S = (10, 30)  # encoder input, seconds
WINDOW_STEPS = 25  # 10 s
RAIN_ROW = 5  # 50-60 s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whisper", help="folder or hub id of Whisper tiny.en; default: the embedded one")
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10/, speech/ and instruments/")
    parser.add_argument("--head", type=Path, default=DEFAULT_HEAD, help="folder of the head; default: the shipped one")
    parser.add_argument("--results", type=Path, default=RESULTS, help="JSON file for the scores")
    parser.add_argument("--cache", type=Path, help="file that keeps the encoded recordings for the next run")
    args = parser.parse_args()
    head = TLTRForAudioClassification.from_pretrained(args.head).eval()
    results = evaluate(Encoder(args.whisper), load_material(args.data)["test"], head, args.cache)
    print_table(results, json.loads(FIRST_RESULTS.read_text()))
    args.results.parent.mkdir(parents=True, exist_ok=True)
    args.results.write_text(json.dumps(results, indent=2) + "\n")


def evaluate(encoder: Encoder, test: Material, head: TLTRForAudioClassification, cache: Path | None = None) -> dict:
    """All scores of a head."""
    cases = held_out_cases(test)
    states = held_out_states(encoder, test, cases, cache)
    return {
        "held_out": {
            "esc10_fold": 5,
            "speakers": sorted(test.speech),
            "instrument_clips": sum(map(len, test.sounds["Music"].values())),
        },
        "thresholds": {label: head.config.thresholds[label] for label in LABELS},
        **{f"input_{seconds}s": score_cases(head, cases, states[f"{seconds}s"]) for seconds in INPUTS_S},
        "rain_50_60_s": {name: score_rain(head, states[f"rain {name}"]) for name in rain_recordings(test)},
    }


def held_out_states(
    encoder: Encoder, test: Material, cases: list[Case], cache: Path | None = None
) -> dict[str, torch.Tensor]:
    """Encoder states of everything that is scored; read from `cache` (a file) where it exists.

    Returns:
        "10s" and "30s": `(cases, layers, 25 steps, width)`, the first 10 s of encoder input of that length, silent
        after the case; "rain over speech" and "rain in a pause": `(recordings, layers, 225 steps, width)`.
    """
    if cache is not None and cache.exists():
        return load_file(cache)
    states = {
        f"{seconds}s": torch.stack([encoder.states(case.audio, seconds)[:, :WINDOW_STEPS] for case in cases])
        for seconds in INPUTS_S
    }
    for name, recordings in rain_recordings(test).items():
        states[f"rain {name}"] = torch.stack([encoder.states(audio, 90) for audio in recordings])
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        save_file(states, cache)
    return states


@torch.no_grad()
def score_cases(head: TLTRForAudioClassification, cases: list[Case], states: torch.Tensor) -> dict:
    """All scores on the cases, given their `(cases, layers, 25 steps, width)` states."""
    scores = torch.cat([head(part).logits for part in states.split(64)]).sigmoid().numpy()
    columns = [head.config.labels.index(label) for label in LABELS]  # a broad head has others too
    scores = scores[:, columns]
    targets = np.array([[label in case.labels for label in LABELS] for case in cases])
    scored = np.array([case.kind != "mixed, looped" for case in cases])
    precision = {
        label: round(float(average_precision_score(targets[scored, i], scores[scored, i])), 4)
        for i, label in enumerate(LABELS)
    }
    limits = resolve_thresholds(head.config).numpy()[columns]
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
def score_rain(head: TLTRForAudioClassification, states: torch.Tensor) -> dict:
    """Rain's score in each 10 s row of the 90 s recordings, `(recordings, layers, 225 steps, width)`, and for how many
    of them rain is tagged in the row 50-60 s and in no other."""
    rain = head.config.labels.index("Rain")
    limit = float(resolve_thresholds(head.config)[rain])
    rows = [head(cut_windows(recording, 9, WINDOW_STEPS)).logits.sigmoid()[:, rain].tolist() for recording in states]
    right = [[score >= limit for score in row] == [index == RAIN_ROW for index in range(9)] for row in rows]
    return {"right": sum(right), "clips": len(rows), "scores": [[round(score, 4) for score in row] for row in rows]}


def share(values: np.ndarray) -> float:
    """The mean of booleans, rounded."""
    return round(float(np.mean(values)), 4)


def print_table(results: dict, first: dict) -> None:
    """The scores with both lengths of encoder input, each beside the first head's."""
    columns = [head[f"input_{seconds}s"] for seconds in INPUTS_S for head in (first, results)]
    titles = [f"{seconds} s, {head}" for seconds in INPUTS_S for head in ("first", "this")]
    print(f"{'encoder input, head':40}" + "".join(f"{title:>14}" for title in titles))
    for label in LABELS:
        print(f"{'AP ' + label:40}" + "".join(f"{column['average_precision'][label]:14.3f}" for column in columns))
    for name, value in columns[0].items():
        if isinstance(value, float):
            print(f"{name:40}" + "".join(f"{column[name]:14.3f}" for column in columns))
        elif name != "average_precision":
            for key in value:
                print(f"{name + ': ' + key:40}" + "".join(f"{column[name][key]:14.3f}" for column in columns))
    for name in results["rain_50_60_s"]:
        now, then = results["rain_50_60_s"][name], first["rain_50_60_s"][name]
        print(
            f"rain at 50-60 s, {name}: tagged there and nowhere else in {now['right']} of {now['clips']} "
            f"(first head: {then['right']})"
        )


if __name__ == "__main__":
    main()
