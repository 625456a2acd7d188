"""An epoch from the feature cache against one that encodes the audio again, and what reading features costs.

    python benchmarks/cached_training.py --whisper openai/whisper-tiny.en --whisper openai/whisper-base

The same head (TLTR without projection) takes one epoch over the same synthetic 10 s clips, both ways in one run.
Prints a table and writes `benchmarks/cached_training.json`.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from datasets import Dataset

from whisper_at_hf import TLTRConfig, TLTRForAudioClassification
from whisper_at_hf.data import targets
from whisper_at_hf.features import extract_features, load_encoder
from whisper_at_hf.training import AudioDataset, TLTRTrainer, TLTRTrainingArguments, WaveformAugmentation
from whisper_at_hf.training.clips import Clips
from whisper_at_hf.training.feature_dataset import collate

ROOT = Path(__file__).resolve().parents[1]
SECONDS, RATE, BATCH = 10, 16_000, 48
LABELS = [f"label {index}" for index in range(10)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whisper", action="append", required=True, help="Whisper folder or hub id; repeatable")
    parser.add_argument("--clips", type=int, default=2 * BATCH, help="clips in the epoch")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = make_clips(Path(folder), args.clips)
        results = {Path(whisper).name: measure(whisper, rows, Path(folder)) for whisper in args.whisper}
    (ROOT / "benchmarks" / "cached_training.json").write_text(json.dumps(results, indent=2) + "\n")
    print("| Whisper | epoch that encodes, s | epoch from the cache, s | ratio | reading features, of a step |")
    print("|---|---|---|---|---|")
    for name, values in results.items():
        print(
            f"| {name} | {values['encoding_epoch_s']:.1f} | {values['cached_epoch_s']:.2f} | {values['ratio']:.1f} "
            f"| {100 * values['reading_share']:.1f} % |"
        )


def make_clips(folder: Path, count: int) -> Dataset:
    """`count` clips of noise as WAV files, with one of ten labels each."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(count):
        path = folder / f"{index}.wav"
        soundfile.write(path, 0.1 * rng.standard_normal(SECONDS * RATE), RATE)
        rows.append({"path": str(path), "labels": [LABELS[index % len(LABELS)]]})
    return Dataset.from_list(rows)


def measure(whisper: str, rows: Dataset, folder: Path) -> dict[str, float]:
    """Seconds of an epoch both ways, and the share of reading in the one from the cache."""
    encoder = load_encoder(whisper)
    cache = extract_features(rows, encoder, folder / "cache", announce=print)
    clips = Clips(rows, targets(rows, LABELS, "single_label_classification"), cache, cache.lookup(rows))
    audio = AudioDataset(clips, encoder.feature_extractor, WaveformAugmentation())
    cached = clips.dataset()
    train(cached, cache.spec, folder)  # libraries allocate their own workspaces on first use
    # The faster of several, since other programs only ever make a run slower.
    from_cache = min(train(cached, cache.spec, folder) for _ in range(3))
    encoding = train(audio, cache.spec, folder, encoder.model)
    reading = min(read(cached) for _ in range(3))
    return {
        "clips": len(rows),
        "encoding_epoch_s": encoding,
        "cached_epoch_s": from_cache,
        "ratio": encoding / from_cache,
        "reading_s": reading,
        "reading_share": reading / from_cache,
    }


def train(dataset, spec, folder: Path, encoder=None) -> float:
    """Seconds that an epoch takes."""
    head = TLTRForAudioClassification(
        TLTRConfig(
            encoder_layers=spec.encoder_layers,
            d_model=spec.d_model,
            id2label=dict(enumerate(LABELS)),
            problem_type="single_label_classification",
        )
    )
    args = TLTRTrainingArguments(
        str(folder / "run"),
        num_train_epochs=1,
        per_device_train_batch_size=BATCH,
        save_strategy="no",
        weight_averaging_start=None,
        disable_tqdm=True,
    )
    trainer = TLTRTrainer(head, args, dataset, encoder=encoder)
    start = time.perf_counter()
    trainer.train()
    return time.perf_counter() - start


def read(dataset) -> float:
    """Seconds to read and collate an epoch's batches."""
    start = time.perf_counter()
    order = np.random.default_rng(0).permutation(len(dataset))
    for first in range(0, len(order), BATCH):
        collate([dataset[int(row)] for row in order[first : first + BATCH]])
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
