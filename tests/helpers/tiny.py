"""Random Whisper-ATs small enough to recompute by hand: 2 encoder layers, 16 wide, a window of 2 s (5 steps)."""

from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainingArguments, WhisperConfig, WhisperForConditionalGeneration

from whisper_at_hf import TLTRConfig, WhisperATConfig, WhisperATForConditionalGeneration
from whisper_at_hf.model.pooling import PoolingRequest

LABELS = ["Speech", "Rain", "Dog", "Waves, surf"]
LAYERS, WIDTH, MELS = 2, 16, 8
POSITIONS = 100  # encoder positions (20 ms) in the full window
FRAMES = 2 * POSITIONS  # mel frames (10 ms) in it
POOLING = 20
STEPS = POSITIONS // POOLING


def whisper_values(**changes: Any) -> dict[str, Any]:
    """Arguments of a tiny `WhisperConfig`; weights far from zero, so that a wrong step shows."""
    values = {
        "d_model": WIDTH,
        "encoder_layers": LAYERS,
        "encoder_attention_heads": 4,
        "encoder_ffn_dim": 32,
        "decoder_layers": 2,
        "decoder_attention_heads": 4,
        "decoder_ffn_dim": 32,
        "vocab_size": 60,
        "num_mel_bins": MELS,
        "max_source_positions": POSITIONS,
        "max_target_positions": 20,
        "pad_token_id": 50,
        "bos_token_id": 50,
        "eos_token_id": 50,
        "decoder_start_token_id": 51,
        "suppress_tokens": None,
        "begin_suppress_tokens": None,
        "init_std": 0.3,
    }
    return {**values, **changes}


def head_config(labels: list[str] = LABELS, **changes: Any) -> TLTRConfig:
    """The configuration of a head that fits the tiny Whisper."""
    values = {
        "encoder_layers": LAYERS,
        "d_model": WIDTH,
        "num_layer_attention_heads": 4,
        "id2label": dict(enumerate(labels)),
        "init_std": 0.3,
    }
    return TLTRConfig(**{**values, **changes})


def tiny_config(heads: dict[str, TLTRConfig] | None = None, **changes: Any) -> WhisperATConfig:
    """A tiny Whisper with one head, "default", unless told otherwise."""
    heads = {"default": head_config()} if heads is None else heads
    return WhisperATConfig(heads=heads, **whisper_values(**changes))


def tiny_model(model_class: type = WhisperATForConditionalGeneration, seed: int = 0, **options: Any) -> Any:
    """A model of random weights, in evaluation mode; `options` are those of `tiny_config`."""
    torch.manual_seed(seed)
    model = model_class(tiny_config(**options))
    return randomised(model, seed).eval()


def randomised(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """`module` with no zero biases and no unit norms left, which would hide a missing one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return module


def save_plain_whisper(folder: Path, seed: int = 0, **changes: Any) -> WhisperForConditionalGeneration:
    """Save a tiny stock Whisper, as a fine-tuned checkpoint of a user, and return it."""
    torch.manual_seed(seed)
    whisper = randomised(WhisperForConditionalGeneration(WhisperConfig(**whisper_values(**changes))), seed).eval()
    whisper.save_pretrained(folder)
    return whisper


def log_mels(batch: int = 1, frames: int = FRAMES, mels: int = MELS, seed: int = 0) -> torch.Tensor:
    """Random input features, `(batch, mels, frames)`."""
    return torch.randn(batch, mels, frames, generator=torch.Generator().manual_seed(seed))


def all_scores(model: Any, features: torch.Tensor) -> torch.Tensor:
    """Scores of all labels of the default head, `(rows, num_labels)`, in the order of the labels."""
    labels = model.get_head().config.labels
    rows = [
        {tag["label"]: tag["score"] for tag in row[0]["tags"]}
        for row in model.tag(features, threshold=0.0, top_k=None)
    ]
    return torch.tensor([[row[label] for label in labels] for row in rows])


def head_parameters(model: torch.nn.Module) -> set[str]:
    """Names of all weights of the model's heads."""
    return {name for name, _ in model.named_parameters() if name.startswith("heads.")}


def pool_layers(request: PoolingRequest, *layers: torch.Tensor) -> torch.Tensor:
    """What a request makes of one pass whose blocks put out `layers`, each `(batch, positions, width)`."""
    batch, positions, _ = layers[0].shape
    request.prepare(batch, len(layers), positions, like=layers[0])
    for hidden in layers:
        request.add(hidden)
    return request.result


def train_one_step(model: Any, folder: Path, data: Any, batch: int, accumulation: int = 1) -> Trainer:
    """One step of plain gradient descent at a rate of 1, by transformers' Trainer."""
    arguments = TrainingArguments(
        folder,
        max_steps=1,
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=accumulation,
        learning_rate=1.0,
        lr_scheduler_type="constant",
        optim="sgd",
        max_grad_norm=0,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
    )
    trainer = Trainer(model, arguments, train_dataset=data, eval_dataset=data)
    trainer.train()
    return trainer
