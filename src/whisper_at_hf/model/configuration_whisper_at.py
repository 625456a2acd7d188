"""Configurations: `TLTRConfig` of one tagging head, `WhisperATConfig` of a Whisper that carries named heads."""

from collections.abc import Mapping
from typing import Any

from transformers import PreTrainedConfig, WhisperConfig

# The `model_type` in the config.json of a Whisper-AT; `WhisperATConfig.model_type` equals "whisper" too, see below.
MODEL_TYPE = "whisper_at"

# How a head turns (layers, steps, width) into one vector: the paper's TLTR, or one of its ablations.
# https://arxiv.org/abs/2307.03183, section 3 and table 2.
AGGREGATIONS = ("tltr", "mean", "last", "weighted", "mean_time", "last_time", "weighted_time")

# What the encoder was given when a head was trained, see `TLTRConfig.input_padding`.
INPUT_PADDINGS = ("trim", "pad", "context")

# Whisper has up to 32. Beyond, a number is broken, and making so many layers would never end.
MOST_LAYERS = 1000

# Encoder positions per second: 100 mel frames, halved by the second convolution.
POSITIONS_PER_SECOND = 50


# Where a config.json could name an attention kernel on the hub, which transformers would fetch and run. Saved folders
# have neither; how attention is computed is for those to say who load a model.
ATTENTION_KEYS = ("attn_implementation", "_attn_implementation")


def check_depth(config: PreTrainedConfig) -> None:
    """Raises ValueError where a Whisper's or head's configuration asks for more than `MOST_LAYERS`."""
    for name in ("encoder_layers", "decoder_layers"):
        if getattr(config, name, 0) > MOST_LAYERS:
            raise ValueError(f"{name} is beyond {MOST_LAYERS}; no Whisper is as deep.")


def without_attention(values: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a config.json, but for the attention implementation that it asks for."""
    return {name: value for name, value in values.items() if name not in ATTENTION_KEYS}


class _WhisperModelType(str):
    """The text "whisper_at" that also answers yes to `== "whisper"`.

    transformers asks `config.model_type == "whisper"` in two places, in `generate` and in the automatic speech
    recognition pipeline, where it means "is this a Whisper?". A Whisper-AT is one, also when it is loaded in an
    environment that knows only transformers.
    """

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True or other == "whisper"

    def __ne__(self, other: object) -> bool:
        return not self == other

    # Look-ups in dictionaries must find "whisper_at", never "whisper".
    __hash__ = str.__hash__

    def __reduce__(self) -> tuple:
        return (type(self), (str(self),))


class TLTRConfig(PreTrainedConfig):
    """Configuration of a Time-and-Layer-wise Transformer head (Whisper-AT, https://arxiv.org/abs/2307.03183).

    Args:
        encoder_layers: Whisper encoder blocks whose outputs the head reads.
        d_model: width of the Whisper encoder.
        projection_dim: width after the optional projection (512 in TLTR-512); None keeps `d_model`.
        projection_per_layer: a projection for each encoder layer instead of the paper's one for all of them, so that
            the head can weigh a dimension by the layer that it comes from; for `aggregation="tltr"`.
        num_time_attention_heads: attention heads of the time Transformer.
        num_layer_attention_heads: attention heads of the layer Transformer.
        pooling_size: encoder positions (20 ms each) averaged into one step; 20 positions are 0.4 s.
        aggregation: "tltr" or an ablation of the paper: "mean", "last", "weighted" (layers, then a linear
            classifier), "mean_time", "last_time", "weighted_time" (layers, time Transformer, classifier).
        window_length_s: seconds of audio that one decision of this head was trained on.
        input_padding: the encoder's input in training: "trim", those seconds alone as in the paper; "pad", padded
            with silence to Whisper's 30 s; "context", the 30 s of the recording around them, as while transcribing.
        thresholds: score from which a label counts as heard, per label name; labels left out use the default.
        provenance: of a converted head, the `file` that it comes from and its `sha256`, and as `weights` the
            `fingerprint` of what came of it, which tells whether it was trained further.
        id2label, label2id, problem_type: as in every transformers classifier; `problem_type` is
            "multi_label_classification" (sigmoid, the default) or "single_label_classification" (softmax).

    Raises:
        ValueError: an unknown `aggregation` or `input_padding`, a width that the attention heads do not divide,
            `projection_per_layer` without a projection or for another aggregation than "tltr", duplicate labels, or a
            threshold for a label that the head does not have.
    """

    model_type = "tltr"
    attribute_map = {
        "hidden_size": "d_model",
        "num_hidden_layers": "encoder_layers",
        "num_attention_heads": "num_layer_attention_heads",
    }

    encoder_layers: int = 4
    d_model: int = 384
    projection_dim: int | None = None
    projection_per_layer: bool = False
    num_time_attention_heads: int = 1
    num_layer_attention_heads: int = 8
    pooling_size: int = 20
    aggregation: str = "tltr"
    window_length_s: float | int = 10.0
    input_padding: str = "trim"
    thresholds: dict[str, float] | None = None
    provenance: dict[str, str] | None = None
    attention_dropout: float | int = 0.0
    dropout: float | int = 0.0
    init_std: float = 0.02

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any):
        """As in transformers, but only `kwargs` choose the attention implementation."""
        return super().from_dict(without_attention(config_dict), **kwargs)

    def __post_init__(self, **kwargs):
        kwargs.pop("model_type", None)
        super().__post_init__(**kwargs)
        if self.problem_type is None:
            self.problem_type = "multi_label_classification"
        # transformers derives label2id only when the caller gives it, or not at all.
        self.label2id = {label: index for index, label in self.id2label.items()}
        self._check()

    def _check(self) -> None:
        if self.problem_type not in ("multi_label_classification", "single_label_classification"):
            raise ValueError(
                f"A head cannot do problem_type={self.problem_type!r}; use multi_ or single_label_classification."
            )
        if self.aggregation not in AGGREGATIONS:
            raise ValueError(f"aggregation={self.aggregation!r} is unknown; use one of {', '.join(AGGREGATIONS)}.")
        if self.input_padding not in INPUT_PADDINGS:
            raise ValueError(
                f"input_padding={self.input_padding!r} is unknown; use one of {', '.join(INPUT_PADDINGS)}."
            )
        if self.projection_per_layer and (self.projection_dim is None or self.aggregation != "tltr"):
            raise ValueError(
                'projection_per_layer=True needs aggregation="tltr" and a projection_dim; set both, or leave it out.'
            )
        check_depth(self)
        for name in ("num_time_attention_heads", "num_layer_attention_heads"):
            if self.width % getattr(self, name):
                raise ValueError(f"{name}={getattr(self, name)} does not divide the head's width {self.width}.")
        if len(self.label2id) != len(self.id2label):
            raise ValueError("id2label names a label twice; give every index a name of its own.")
        unknown = [label for label in self.thresholds or {} if label not in self.label2id]
        if unknown:
            raise ValueError(f"thresholds name labels that the head does not have: {', '.join(map(str, unknown))}.")

    @property
    def width(self) -> int:
        """Width of the head's own Transformers."""
        return self.projection_dim or self.d_model

    @property
    def step_seconds(self) -> float:
        """Seconds of audio in one pooled step (0.4 s at `pooling_size=20`)."""
        return self.pooling_size / POSITIONS_PER_SECOND

    @property
    def labels(self) -> list[str]:
        """The label names in the order of the logits."""
        return [self.id2label[index] for index in range(self.num_labels)]


class WhisperATConfig(WhisperConfig):
    """A `WhisperConfig` that carries one `TLTRConfig` per named head.

    Args:
        heads: `{name: TLTRConfig}` (dictionaries are converted). All heads read the same encoder pass.
        default_head: name of the head whose tags are given when none is named; the first one if None.
        freeze_backbone: whether the Whisper weights start without gradients, so that training moves heads only.

    The top-level `id2label`, `label2id` and `problem_type` mirror the default head's, as the stock
    `audio-classification` pipeline reads them there.

    Raises:
        ValueError: a head that is neither a configuration nor a dictionary, heads of different poolings, an unusable
            head name, or a `default_head` that is not among the heads.
    """

    model_type = _WhisperModelType(MODEL_TYPE)

    heads: dict[str, Any] | None = None
    default_head: str | None = None
    freeze_backbone: bool = True

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any):
        """As in transformers, but only `kwargs` choose the attention implementation."""
        return super().from_dict(without_attention(config_dict), **kwargs)

    def __post_init__(self, **kwargs):
        # A loaded config.json brings "model_type" as plain text; the class attribute must stay the answer.
        kwargs.pop("model_type", None)
        self.heads = {name: _as_tltr_config(name, head) for name, head in (self.heads or {}).items()}
        self.check_labels(kwargs.get("num_labels"))
        super().__post_init__(**kwargs)
        check_depth(self)
        self.refresh_heads()

    def check_labels(self, num_labels: int | None = None) -> None:
        """Refuse labels for the whole model that are no head's: the heads' own would silently replace them."""
        if not self.heads:
            return
        names = None if self.id2label is None else {int(index): label for index, label in self.id2label.items()}
        if not any(
            names in (None, head.id2label) and num_labels in (None, head.num_labels) for head in self.heads.values()
        ):
            raise ValueError(
                "Labels belong to a head: load the model without num_labels, id2label and label2id, "
                "then use drop_head and add_head(name, labels)."
            )

    def refresh_heads(self) -> None:
        """Check the heads and mirror the default one at the top level; call it after changing `heads`."""
        if len({head.pooling_size for head in self.heads.values()}) > 1:
            raise ValueError("All heads of one model share one pooling: give them the same pooling_size.")
        if self.default_head not in self.heads:
            if self.default_head is not None and self.heads:
                raise ValueError(
                    f"default_head={self.default_head!r} is not among the heads ({', '.join(self.heads)})."
                )
            self.default_head = next(iter(self.heads), None)
        if self.default_head is not None:
            head = self.heads[self.default_head]
            self.id2label = dict(head.id2label)
            self.label2id = dict(head.label2id)
            self.problem_type = head.problem_type

    @property
    def pooling_size(self) -> int:
        """Encoder positions (20 ms each) in one pooled step, the same for all heads."""
        return next((head.pooling_size for head in self.heads.values()), TLTRConfig.pooling_size)

    @property
    def sub_configs(self) -> dict[str, type[PreTrainedConfig]]:
        # transformers walks these to pass dtype and attention implementation on; see __getattr__.
        return {f"heads.{name}": TLTRConfig for name in self.__dict__.get("heads") or {}}

    def __getattr__(self, name: str) -> Any:
        prefix, _, head = name.partition(".")
        if prefix == "heads" and head in (self.__dict__.get("heads") or {}):
            return self.__dict__["heads"][head]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def to_dict(self) -> dict[str, Any]:
        output = super().to_dict()
        output["model_type"] = str(self.model_type)
        output["heads"] = {name: head.to_diff_dict() for name, head in self.heads.items()}
        return output


def _as_tltr_config(name: str, head: Any) -> TLTRConfig:
    """`head` as a `TLTRConfig`, after checking that `name` can be part of a weight's name."""
    if not isinstance(name, str) or not name or "." in name:
        raise ValueError(f"{name!r} cannot name a head; use a non-empty text without dots.")
    if isinstance(head, TLTRConfig):
        return head
    if isinstance(head, Mapping):
        return TLTRConfig(**head)
    raise ValueError(f"heads[{name!r}] must be a TLTRConfig or a dictionary, not {type(head).__name__}.")
