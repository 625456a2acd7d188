"""Peak memory of the encoder with and without pooled states: pooling may cost the pooled states only.

    python benchmarks/encoder_memory.py [--model FOLDER_OR_ID] [--batch-size 8] [--json FILE]

Every pass runs in a process of its own, so that one's peak does not hide the other's, and with an allocator that gives
large blocks back at once, so that the peak is that of the tensors (glibc's own heap moves it by 10 % from run to run).
"all hidden states" is what keeping them for pooling afterwards would take.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

MODES = {
    "plain": {},
    "pooled states": {"output_pooled_states": True},
    "all hidden states": {"output_hidden_states": True},
}


def measure(model_path: str | None, batch_size: int, mode: str) -> dict[str, float]:
    """Peak resident memory in MB during one encoder pass, and what it adds to the memory before it."""
    import torch

    from whisper_at_hf import WhisperATForAudioClassification
    from whisper_at_hf.conversion.default_model import default_model_path

    model = WhisperATForAudioClassification.from_pretrained(model_path or default_model_path())
    config = model.config
    features = torch.zeros(batch_size, config.num_mel_bins, config.max_source_positions * 2)
    with torch.no_grad():
        model.model.encoder(features[:1])  # libraries allocate their own workspaces on first use
        before = reset_peak()
        outputs = model.model.encoder(features, **MODES[mode])
        peak = memory("VmHWM")
    assert outputs.last_hidden_state.isfinite().all()
    return {"peak_mb": peak, "added_mb": peak - before}


def reset_peak() -> float:
    """Forget the peak so far, of loading the model; gives the memory in use, MB. Linux only."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory("VmRSS")


def memory(name: str) -> float:
    """A field of /proc/self/status in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="folder or hub id; the default model if left out")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("--mode", choices=MODES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.mode:
        print(json.dumps(measure(arguments.model, arguments.batch_size, arguments.mode)))
        return
    results = {}
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    for mode in MODES:
        command = [sys.executable, *sys.argv, "--mode", mode]
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        results[mode] = json.loads(run.stdout.splitlines()[-1])
    plain = results["plain"]["peak_mb"]
    print("| encoder pass | peak, MB | against plain | added by the pass, MB |\n|---|---|---|---|")
    for mode, row in results.items():
        print(f"| {mode} | {row['peak_mb']:.0f} | {row['peak_mb'] / plain - 1:+.1%} | {row['added_mb']:.0f} |")
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"batch_size": arguments.batch_size, "results": results}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
