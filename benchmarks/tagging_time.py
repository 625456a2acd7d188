"""How long tagging takes with one head and with another, in turns, on the same recording.

    python benchmarks/tagging_time.py RECORDING --head A --head B [--rounds 7]

Tags only, on the embedded Whisper: its encoder and the head. Prints the median of each and the second's ratio to the
first, and writes `benchmarks/tagging_time.json`. Set OMP_NUM_THREADS for steady figures.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from transformers import WhisperFeatureExtractor

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import default_model_path
from whisper_at_hf.pipeline import WhisperATPipeline

RESULTS = Path(__file__).with_suffix(".json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--head", type=Path, action="append", required=True, help="folder of a head; two of them")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    audio = load_audio(args.recording)
    pipes = [tagger(head) for head in args.head]
    seconds: list[list[float]] = [[] for _ in pipes]
    for turn in range(args.rounds + 1):
        for pipe, taken in zip(pipes, seconds, strict=True):
            begin = time.perf_counter()
            pipe({"raw": audio, "sampling_rate": 16_000}, return_text=False)
            if turn:  # the first turn warms up
                taken.append(time.perf_counter() - begin)
    medians = [statistics.median(taken) for taken in seconds]
    results = {
        "seconds_of_audio": len(audio) / 16_000,
        "heads": [
            {"labels": pipe.model.get_head().config.num_labels, "parameters": pipe.model.get_head().num_parameters()}
            for pipe in pipes
        ],
        "seconds": medians,
        "ratio": medians[1] / medians[0],
    }
    for head, median in zip(results["heads"], medians, strict=True):
        print(f"{head['labels']:4} labels, {head['parameters']:8,} parameters: {median:.3f} s")
    print(f"ratio {results['ratio']:.3f}")
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def tagger(head: Path) -> WhisperATPipeline:
    """A pipeline that only tags, with that head on the embedded Whisper."""
    model = WhisperATForAudioClassification.from_pretrained(default_model_path())
    model.drop_head(model.config.default_head)
    model.load_head(head, "timed")
    extractor = WhisperFeatureExtractor.from_pretrained(default_model_path())
    return WhisperATPipeline(model, feature_extractor=extractor, tokenizer=None, device="cpu")


if __name__ == "__main__":
    main()
