"""What is known of the heads that the original Whisper-AT published."""

import torch
from huggingface_hub import EvalResult

from ..analysis.published import HEAD_MAP, MODEL_TABLE
from ..cards import head_facts
from ..conversion.original_head import ENCODER_LAYERS
from ..conversion.published import HEADS, ORIGIN
from ..labels import audioset_labels
from ..model.configuration_whisper_at import TLTRConfig
from ..model.fingerprint import fingerprint
from ..model.modeling_tltr import TLTRForAudioClassification

WIDTHS = dict(zip(("tiny", "base", "small", "medium", "large"), ENCODER_LAYERS, strict=True))
"""Width of the encoder by size."""
PROJECTED_WIDTH = 512
LICENCE = "bsd-2-clause"

DATA = (
    "Trained by the authors of Whisper-AT on [AudioSet](https://research.google.com/audioset/), clips of 10 s from "
    "YouTube with 527 labels, over the frozen Whisper; by [their recipe](https://arxiv.org/abs/2307.03183), not by us."
)
LIMITS = (
    "The head heard 10 s alone in training; while transcribing, the encoder hears 30 s, which moves scores somewhat.",
    "AudioSet's labels are incomplete, and its clips are from YouTube.",
)
WHISPER_LICENCE = (
    "Whisper: by OpenAI, under the MIT licence ([source](https://github.com/openai/whisper)); its repositories on the "
    "hub say Apache-2.0."
)
CODE_LICENCE = "The code in this folder (`*.py`): the whisper-at-hf team, [Apache-2.0](https://www.apache.org/licenses/LICENSE-2.0)."


def split_name(name: str) -> tuple[str, str]:
    """The Whisper's size and the kind of head: "small.en:low" -> ("small.en", "TLTR-512")."""
    size, _, low = name.partition(":")
    return size, "TLTR-512" if low else "TLTR"


def base_model(name: str) -> str:
    """The Whisper on the hub that the head was trained on; its first large one has no number there."""
    size, _ = split_name(name)
    return f"openai/whisper-{'large' if size == 'large-v1' else size}"


def original_config(name: str) -> TLTRConfig:
    """The configuration that the head has after conversion."""
    size, kind = split_name(name)
    width = next(width for start, width in WIDTHS.items() if size.startswith(start))
    return TLTRConfig(
        encoder_layers=ENCODER_LAYERS[width],
        d_model=width,
        projection_dim=PROJECTED_WIDTH if kind == "TLTR-512" else None,
        id2label=dict(enumerate(audioset_labels())),
    )


def published_scores(name: str) -> list[EvalResult]:
    """The authors' score of the head."""
    size, kind = split_name(name)
    return [
        EvalResult(
            task_type="audio-classification",
            task_name="Audio tagging",
            dataset_type="audioset",
            dataset_name="AudioSet",
            dataset_split="evaluation",
            metric_type="mAP",
            metric_name="published mAP, %",
            metric_value=HEAD_MAP[size][kind],
            source_name="Whisper-AT's table of models",
            source_url=MODEL_TABLE,
        )
    ]


def head_provenance(name: str | None, provenance: dict[str, str]) -> str:
    """Where the head is from, as a line of a card.

    Args:
        name: which of the published ones it is, or None for another file.
        provenance: `file` and, where it is known, `sha256` of what it was converted from.
    """
    hashed = f"SHA-256 `{provenance['sha256']}`" if "sha256" in provenance else "its publisher names no hash"
    if name is None:
        return f"The head: converted from `{provenance['file']}` ({hashed}), a checkpoint of the original Whisper-AT."
    folder, file = HEADS[name]
    return (
        f"The head: converted from `{provenance['file']}` ({hashed}) of [Whisper-AT](https://github.com/YuanGongND/"
        f"whisper-at) ([file]({ORIGIN}/{folder}/{file}?dl=1)), by Yuan Gong, BSD-2-Clause."
    )


def is_unchanged(head: TLTRForAudioClassification) -> bool:
    """Whether a converted head still has the weights of its file."""
    return fingerprint(head, None) == (head.config.provenance or {}).get("weights")


def original_name(head: TLTRForAudioClassification) -> str | None:
    """Which of the published heads that is, by the name of its file, its shape, its labels and its weights' hash."""
    provenance = head.config.provenance or {}
    for name, (_, file) in HEADS.items():
        if provenance.get("file") == file and is_unchanged(head):
            with torch.device("meta"):
                return name if head_facts(original_config(name)) == head_facts(head.config) else None
    return None
