"""Our model made of a plain Whisper, for the benchmark."""

from pathlib import Path

# As many as AudioSet has, and as the original's head: the most that a head costs in practice.
LABELS = 527


def with_random_head(whisper: str, folder: Path) -> Path:
    """A folder with a Whisper and an untrained head of 527 labels on it, which tags as slowly as a trained one."""
    if folder.is_dir():
        return folder
    import torch
    from transformers import WhisperProcessor

    from whisper_at_hf import WhisperATForConditionalGeneration

    torch.manual_seed(0)
    labels = [f"label {index}" for index in range(LABELS)]
    unfinished = folder.with_name(folder.name + ".part")
    WhisperATForConditionalGeneration.from_whisper(whisper, labels=labels).save_pretrained(unfinished)
    WhisperProcessor.from_pretrained(whisper).save_pretrained(unfinished)
    return unfinished.rename(folder)
