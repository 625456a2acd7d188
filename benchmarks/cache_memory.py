"""Memory of an epoch over 20 000 cached clips, and the disk that features take.

    python benchmarks/cache_memory.py [--clips 20000]

The cache is synthetic (tiny.en's shape, 10 s clips) and lies in a temporary folder. The process's own memory is
`RssAnon`: pages of the mapped files belong to the system's cache and are given up when others need room. Prints tables
and writes `benchmarks/cache_memory.json`.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
from transformers import TrainerCallback

from whisper_at_hf import TLTRConfig, TLTRForAudioClassification
from whisper_at_hf.features import FeatureSpec
from whisper_at_hf.features.store import ShardWriter, read_shard, shard_names, write_manifest
from whisper_at_hf.training import FeatureCache, FeatureDataset, TLTRTrainer, TLTRTrainingArguments

ROOT = Path(__file__).resolve().parents[1]
# Whisper size -> (encoder layers, width); https://github.com/openai/whisper#available-models-and-languages
SIZES = {"tiny": (4, 384), "base": (6, 512), "small": (12, 768), "medium": (24, 1024), "large": (32, 1280)}
# Clips of AudioSet's balanced and unbalanced training lists, https://research.google.com/audioset/download.html
AUDIOSET_2M = 22_160 + 2_041_789
LABELS = [f"label {index}" for index in range(10)]
BATCH = 48


class MemoryLog(TrainerCallback):
    """Notes the process's memory at every tenth of the epoch."""

    def __init__(self):
        self.megabytes: list[float] = []

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step % max(1, state.max_steps // 10) == 0:
            self.megabytes.append(anonymous_memory())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20_000, help="cached clips")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = synthetic_cache(Path(folder), "tiny", args.clips)
        results = {"clips": args.clips, "epoch": train(cache, Path(folder)), "disk": disk_table(Path(folder))}
    (ROOT / "benchmarks" / "cache_memory.json").write_text(json.dumps(results, indent=2) + "\n")


def synthetic_cache(folder: Path, size: str, clips: int) -> FeatureCache:
    """A cache of random features of 10 s clips."""
    spec = FeatureSpec("0" * 64, *SIZES[size])
    folder = folder / spec.folder_name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rng = np.random.default_rng(0)
    block = rng.standard_normal((BATCH, *spec.shape)).astype(np.float16)
    with ShardWriter(folder, "shard-00001-0000", spec) as writer:
        for first in range(0, clips, BATCH):
            keys = [f"{index:064x}" for index in range(first, min(first + BATCH, clips))]
            writer.append(keys, block[: len(keys)])
    write_manifest(folder, spec, [read_shard(folder, name) for name in shard_names(folder)], [])
    return FeatureCache(folder)


def train(cache: FeatureCache, folder: Path) -> dict[str, float]:
    """Memory in MB over one epoch."""
    targets = np.arange(len(cache)) % len(LABELS)
    head = TLTRForAudioClassification(
        TLTRConfig(projection_dim=64, id2label=dict(enumerate(LABELS)), problem_type="single_label_classification")
    )
    args = TLTRTrainingArguments(
        str(folder / "run"),
        num_train_epochs=1,
        per_device_train_batch_size=BATCH,
        save_strategy="no",
        disable_tqdm=True,
    )
    memory = MemoryLog()
    trainer = TLTRTrainer(head, args, FeatureDataset(cache, range(len(cache)), targets), callbacks=[memory])
    trainer.train()
    megabytes = memory.megabytes
    print(f"\nMB of the process's own at each tenth of the epoch: {', '.join(f'{value:.0f}' for value in megabytes)}")
    growth = megabytes[-1] - megabytes[0]
    print(f"{len(cache)} clips, {len(cache) * cache.spec.clip_bytes / 1e9:.2f} GB of features: {growth:+.0f} MB\n")
    return {"megabytes": megabytes, "growth_mb": growth, "features_gb": len(cache) * cache.spec.clip_bytes / 1e9}


def disk_table(folder: Path) -> dict[str, dict[str, float]]:
    """Print and give the disk that the features of 10 s clips take, measured on 100 of each Whisper size."""
    print("| Whisper | 1000 clips, MB | AudioSet-2M, GB |")
    print("|---|---|---|")
    disk = {}
    for size in SIZES:
        cache = synthetic_cache(folder, size, 100)
        per_clip = sum(path.stat().st_size for path in cache.folder.iterdir()) / 100
        disk[size] = {"mb_per_1000_clips": per_clip * 1000 / 1e6, "audioset_2m_gb": per_clip * AUDIOSET_2M / 1e9}
        print(f"| {size} | {disk[size]['mb_per_1000_clips']:.0f} | {disk[size]['audioset_2m_gb']:.0f} |")
        shutil.rmtree(cache.folder)
    return disk


def anonymous_memory() -> float:
    """The process's own memory, MB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1e3


if __name__ == "__main__":
    main()
