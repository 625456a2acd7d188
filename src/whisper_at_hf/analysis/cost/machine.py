"""What a measurement was taken on."""

import os
import platform
from importlib import metadata
from pathlib import Path

# Processor features that decide what bfloat16 and int8 cost.
FEATURES = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8")


def describe_machine(device: str, threads: int) -> dict[str, object]:
    """Processor, its features that matter here, cores, threads, and versions."""
    machine: dict[str, object] = {
        "processor": _cpu_field("model name") or platform.processor(),
        "cores": os.cpu_count(),
        "features": [name for name in FEATURES if name in _cpu_field("flags").split()],
        "threads": threads,
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "transformers": metadata.version("transformers"),
        "device": device,
    }
    if device.startswith("cuda"):
        import torch

        machine["gpu"] = torch.cuda.get_device_name(device)
    return machine


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu_field(name: str) -> str:
    """The first value of a field of /proc/cpuinfo; empty elsewhere than on Linux."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.split(":")[0].strip() == name), "")
