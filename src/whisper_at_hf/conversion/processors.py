"""The `WhisperProcessor` of a Whisper: built from a bare tokenizer.json, or loaded from a folder or the hub."""

import json
from pathlib import Path

from tokenizers import AddedToken
from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperProcessor, WhisperTokenizer
from transformers.utils import cached_file

from ..errors import InputError

TIMESTAMPS = [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
"""Whisper's timestamp tokens: 0 to 30 s in steps of 20 ms."""

END_OF_TEXT = "<|endoftext|>"


def processor_from_tokenizer_json(path: Path, config: WhisperConfig) -> WhisperProcessor:
    """A processor with the vocabulary of `path`, as CTranslate2 folders carry it, and `config`'s number of mels.

    Timestamp tokens are added where the file leaves them out, as older conversions do.

    Raises:
        InputError: the file is no tokenizer, or not this model's.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        added = sorted(content["added_tokens"], key=lambda token: token["id"])
        vocabulary, merges = content["model"]["vocab"], content["model"]["merges"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no BPE tokenizer: copy or download it again, or pass --processor.") from error
    specials = [token["content"] for token in added if token["special"]]
    tokenizer = WhisperTokenizer(
        vocab=vocabulary,
        merges=[tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in merges],
        pad_token=END_OF_TEXT,
        # In the order of their ids: transformers takes the last one's id + 1 for the first timestamp.
        extra_special_tokens=[token for token in specials if token != END_OF_TEXT],
        model_max_length=1024,
    )
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in TIMESTAMPS])
    ids = tokenizer.get_vocab()
    if any(ids.get(token["content"]) != token["id"] for token in added):
        raise InputError(f"{path} does not number its tokens as Whisper does: pass --processor instead.")
    processor = WhisperProcessor(WhisperFeatureExtractor(feature_size=config.num_mel_bins), tokenizer)
    check_processor(processor, config, source=str(path))
    return processor


def load_processor(source: str | Path | None, config: WhisperConfig) -> WhisperProcessor:
    """The processor of the folder or hub id `source`, or of the openai repository of `config`'s size if None.

    Raises:
        InputError: it cannot be had (offline, no such folder) or does not fit the model.
    """
    name = str(source) if source is not None else openai_id(config)
    try:
        if not Path(name).is_dir():
            # Asked first, or each of the processor's many files would wait for an unreachable hub in turn.
            cached_file(name, "tokenizer_config.json")
        processor = WhisperProcessor.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError, TypeError) as error:
        if source is None:
            raise InputError(
                f"This model comes without a tokenizer and {name} cannot be loaded from the hub: "
                "pass --processor with a folder or hub id that holds its processor."
            ) from error
        raise InputError(
            f"--processor {name} cannot be loaded: give a folder or hub id that holds a Whisper processor."
        ) from error
    check_processor(processor, config, source=name)
    return processor


def check_processor(processor: WhisperProcessor, config: WhisperConfig, source: str) -> None:
    """Raise `InputError` naming `source` if it numbers tokens or counts mels otherwise than the model."""
    # A tokenizer may be shorter than the model: older ones leave the timestamps out, and fine-tuning may pad.
    tokens, end_of_text = len(processor.tokenizer), processor.tokenizer.convert_tokens_to_ids(END_OF_TEXT)
    if tokens > config.vocab_size or end_of_text != config.eos_token_id:
        raise InputError(
            f"{source} has {tokens} tokens ({END_OF_TEXT} is {end_of_text}), the model has {config.vocab_size} "
            f"({config.eos_token_id}): pass the processor of this model's own size and language."
        )
    mels = processor.feature_extractor.feature_size
    if mels != config.num_mel_bins:
        raise InputError(
            f"{source} computes {mels} mels, the model reads {config.num_mel_bins}: "
            "pass the processor of this model's own size."
        )


def openai_id(config: WhisperConfig) -> str:
    """The openai repository on the hub whose processor fits a Whisper of these dimensions.

    large-v1 and large-v2 cannot be told apart and share their processor; both give "openai/whisper-large-v2".

    Raises:
        InputError: no Whisper that openai published has this width.
    """
    sizes = {384: "tiny", 512: "base", 768: "small", 1024: "medium", 1280: "large-v2"}
    size = sizes.get(config.d_model)
    if size is None:
        raise InputError(
            f"This model comes without a tokenizer and no openai Whisper is {config.d_model} wide: "
            "pass --processor with a folder or hub id that holds its processor."
        )
    if config.num_mel_bins == 128:
        size = "large-v3-turbo" if config.decoder_layers == 4 else "large-v3"
    english = ".en" if config.vocab_size == 51864 else ""
    return f"openai/whisper-{size}{english}"
