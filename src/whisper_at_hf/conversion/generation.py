"""The generation config of a Whisper that comes without one."""

from transformers import GenerationConfig, PreTrainedTokenizerBase, WhisperConfig
from transformers.models.whisper.configuration_whisper import NON_SPEECH_TOKENS, NON_SPEECH_TOKENS_MULTI

from .weights import MULTILINGUAL_VOCABULARY

MAX_INITIAL_TIMESTAMP_INDEX = 50
"""The first timestamp is at most 1 s: 50 steps of 20 ms (https://github.com/openai/whisper, `decoding.py`)."""


def build_generation_config(
    tokenizer: PreTrainedTokenizerBase,
    config: WhisperConfig,
    suppress_tokens: list[int] | None = None,
    alignment_heads: list[list[int]] | None = None,
) -> GenerationConfig:
    """What `generate` needs to know of a Whisper, as in openai's repositories on the hub.

    Args:
        tokenizer: names the ids of the control tokens.
        config: gives the sizes.
        suppress_tokens: ids never generated; Whisper's own non-speech list if None.
        alignment_heads: (layer, head) pairs that time words; as in openai/whisper, every head of the second half of
            the decoder if None.
    """
    ids = tokenizer.get_vocab()
    end_of_text, start = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    multilingual = config.vocab_size >= MULTILINGUAL_VOCABULARY
    settings = {
        "bos_token_id": end_of_text,
        "eos_token_id": end_of_text,
        "pad_token_id": end_of_text,
        "decoder_start_token_id": start,
        "prev_sot_token_id": ids["<|startofprev|>"],
        "no_timestamps_token_id": ids["<|notimestamps|>"],
        "suppress_tokens": suppress_tokens or _non_speech_tokens(ids, multilingual),
        "begin_suppress_tokens": [*tokenizer.encode(" ", add_special_tokens=False), end_of_text],
        "alignment_heads": alignment_heads or _second_half(config),
        "is_multilingual": multilingual,
        "max_initial_timestamp_index": MAX_INITIAL_TIMESTAMP_INDEX,
        "max_length": config.max_target_positions,
        "return_timestamps": False,
    }
    if multilingual:
        # Without a task in the prompt a multilingual Whisper repeats itself.
        settings["task"] = "transcribe"
        settings["task_to_id"] = {task: ids[f"<|{task}|>"] for task in ("transcribe", "translate")}
        first, last = start + 1, ids["<|translate|>"]
        settings["lang_to_id"] = {tokenizer.convert_ids_to_tokens(index): index for index in range(first, last)}
    return GenerationConfig(**settings)


def _non_speech_tokens(ids: dict[str, int], multilingual: bool) -> list[int]:
    control = [f"<|{name}|>" for name in ("startoftranscript", "translate", "transcribe", "startoflm", "startofprev")]
    # Renamed by openai between its releases.
    control.append("<|nospeech|>" if "<|nospeech|>" in ids else "<|nocaptions|>")
    symbols = NON_SPEECH_TOKENS_MULTI if multilingual else NON_SPEECH_TOKENS
    # The control tokens of transformers' lists are those of the first vocabulary; later ones have more languages.
    text = [index for index in symbols if index < ids["<|endoftext|>"]]
    return text + sorted(ids[token] for token in control)


def _second_half(config: WhisperConfig) -> list[list[int]]:
    layers = range(config.decoder_layers // 2, config.decoder_layers)
    return [[layer, head] for layer in layers for head in range(config.decoder_attention_heads)]
