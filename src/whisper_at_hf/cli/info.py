"""What `whisper-at info` shows."""

import torch
from transformers import AutoConfig

from ..captions.markup import clean
from ..conversion.default_model import default_model_path
from ..errors import InputError
from ..model.configuration_whisper_at import TLTRConfig, WhisperATConfig
from ..model.modeling_tltr import TLTRForAudioClassification
from ..model.modeling_whisper_at import WhisperATEncoderModel, WhisperATModel
from ..model.tagging import resolve_thresholds
from ..pipeline.loading import is_tagger, unreachable_model


def describe_model(model: str | None = None, list_labels: bool = False) -> str:
    """A few lines on a model or a head alone, read from its configuration; weights are not loaded.

    Args:
        model: folder or hub id; None for the embedded default model.
        list_labels: whether to name every label with its threshold.

    Raises:
        InputError: nothing of ours under that name.
    """
    if model is None:
        model = str(default_model_path())
    try:
        config = AutoConfig.from_pretrained(model, trust_remote_code=False)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise unreachable_model(model, error) from error
    model = clean(model)
    if isinstance(config, TLTRConfig):
        lines, heads = [f"{model}: a tagging head"], {"head": config}
    elif isinstance(config, WhisperATConfig):
        lines, heads = _whisper_lines(model, config), config.heads
    else:
        raise InputError(f"'{model}' is a {config.model_type} model without tagging heads; use whisper-at convert.")
    for name, head in heads.items():
        default = " (default)" if name == getattr(config, "default_head", None) else ""
        lines += _head_lines(f"{clean(name)}{default}", head, list_labels)
    return "\n".join(lines)


def _whisper_lines(model: str, config: WhisperATConfig) -> list[str]:
    has_decoder = not is_tagger(config)
    multilingual = "multilingual" if config.vocab_size >= 51865 else "English only"
    decoder = f"{config.decoder_layers} layers, {multilingual}" if has_decoder else "none: for tags only"
    return [
        f"{model}: Whisper with {len(config.heads)} tagging head{'' if len(config.heads) == 1 else 's'}",
        f"  encoder       {config.encoder_layers} layers, {config.d_model} wide, {config.num_mel_bins} mel bins",
        f"  decoder       {decoder}",
        f"  parameters    {_millions(WhisperATModel if has_decoder else WhisperATEncoderModel, config)} without heads",
    ]


def _head_lines(name: str, config: TLTRConfig, list_labels: bool) -> list[str]:
    projection = f", projected to {config.projection_dim}" if config.projection_dim else ""
    projection += ", each layer by itself" if config.projection_per_layer else ""
    lines = [
        f"head {name}",
        f"  reads         {config.encoder_layers} layers, {config.d_model} wide{projection}",
        f"  aggregation   {config.aggregation}, {_millions(TLTRForAudioClassification, config)} parameters",
        f"  labels        {config.num_labels}, {config.problem_type.replace('_', ' ')}",
        f"  trained on    windows of {config.window_length_s:g} s",
        f"  thresholds    {'fitted' if config.thresholds else 'default'}",
    ]
    if list_labels:
        thresholds = resolve_thresholds(config).tolist()
        lines += [f"    {value:.2f}  {clean(label)}" for label, value in zip(config.labels, thresholds, strict=True)]
    return lines


def _millions(model_class: type, config: WhisperATConfig | TLTRConfig) -> str:
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in model_class(config).parameters())
    return f"{count / 1e6:.1f} M"
