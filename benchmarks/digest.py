"""A digest of the text and tags of real recordings in every mode, to tell whether a change of the code changed them.

    python benchmarks/digest.py --data DATA --output before.json
    python benchmarks/digest.py --data DATA --output after.json --compare before.json

DATA holds `jfk.flac`, and `speech/` and `esc10/`, each with a `labels.csv`, of which a file of a minute and one of ten
are made. Only the public API is used, so that one copy of this script runs on two versions of the package. A digest is
the SHA-256 of a result as JSON, every number to its last digit. Prints a table; with `--compare` it names the rows
that differ and exits with 1 if there are any. The embedded default model, one thread.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import torch
from transformers import pipeline
from transformers.utils import logging

import whisper_at_hf  # noqa: F401  (registers the task)

try:
    from long_audio.material import Material
except ImportError:  # versions before the parts of benchmarks were packages
    from long_audio_parts.material import Material

SEQUENTIAL = {"mode": "sequential", "generate_kwargs": {"num_beams": 1}, "return_timestamps": True}
# {way: (method of the pipeline, its parameters)}
WAYS = {
    "batched": ("call", {"return_timestamps": True, "at_hop": 4.0, "return_logits": True}),
    "batched, by word": ("call", {"return_timestamps": "word", "at_time_res": 2.0}),
    "sequential": ("call", {**SEQUENTIAL, "return_logits": True}),
    "chunks of 30 s": ("call", {"generate_kwargs": {"num_beams": 1}, "chunk_length_s": 30, "return_timestamps": True}),
    "stream": ("stream", {"return_timestamps": True, "at_hop": 4.0, "return_logits": True}),
    "tags alone": ("call", {"return_text": False, "at_time_res": 4.8, "return_logits": True}),
    "stream, tags alone": ("stream", {"return_text": False, "at_time_res": 4.8, "return_logits": True}),
}
# What takes minutes on ten minutes of sound and says no more than the shorter ones.
SHORT_FILES_ONLY = ("batched, by word", "chunks of 30 s")


def main() -> None:
    args = parse_arguments()
    logging.set_verbosity_error()
    torch.set_num_threads(1)
    material = Material(args.data, args.cache or args.output.parent / "digest-recordings")
    files = {"jfk.flac": args.data / "jfk.flac"}
    files |= {f"{minutes} min": material.of_length(minutes).path for minutes in (1, 10)}
    pipe = pipeline("whisper-at")
    rows = {}
    for name, path in files.items():
        for way, (method, parameters) in WAYS.items():
            if name == "10 min" and way in SHORT_FILES_ONLY:
                continue
            rows[f"{name}, {way}"] = row = digest_row(pipe, path, method, parameters)
            print(f"| {name} | {way} | {row['digest'][:16]} | {row['words']} | {row['tags']} |", flush=True)
    args.output.write_text(json.dumps(rows, indent=2) + "\n")
    if args.compare:
        compare(rows, json.loads(args.compare.read_text()))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with jfk.flac, speech/ and esc10/")
    parser.add_argument("--output", type=Path, required=True, help="the JSON file")
    parser.add_argument("--compare", type=Path, help="the JSON file of another version")
    parser.add_argument("--cache", type=Path, help="folder for the recordings; by default beside the output")
    return parser.parse_args()


def digest_row(pipe, path: Path, method: str, parameters: dict) -> dict[str, str]:
    torch.manual_seed(0)  # temperature fallback draws
    result = pipe(str(path), **parameters) if method == "call" else list(pipe.stream(str(path), **parameters))
    text = json.dumps(result, sort_keys=True, ensure_ascii=False, default=lambda array: array.tolist())
    parts = result if isinstance(result, list) else [result]
    words = "".join(part.get("text", "") for part in parts).split()
    tags = [tag["label"] for part in parts for window in part["audio_tags"] for tag in window["tags"][:1]]
    return {
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "words": f"{len(words)}: {' '.join(words[:4])}",
        "tags": f"{len(tags)}: {', '.join(tags[:3])}",
    }


def compare(rows: dict[str, dict], others: dict[str, dict]) -> None:
    different = [name for name in rows if rows[name] != others.get(name)]
    print(f"{len(rows) - len(different)} of {len(rows)} the same{': not ' if different else ''}{'; '.join(different)}")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
