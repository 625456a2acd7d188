"""Tiny random Whispers that know two languages, two tasks and timestamps, and can `generate`."""

from typing import Any

import torch
from tiny import POSITIONS, tiny_model
from transformers import WhisperForConditionalGeneration

# Tokens 0 to 49 are text, from FIRST_TIMESTAMP on they are times: one for each position, and the end.
END, START, ENGLISH, GERMAN, TRANSLATE, TRANSCRIBE, NO_SPEECH, NO_TIMESTAMPS = 50, 51, 52, 53, 54, 55, 58, 59
FIRST_TIMESTAMP = NO_TIMESTAMPS + 1
VOCABULARY = FIRST_TIMESTAMP + POSITIONS + 1


class LetterTokenizer:
    """Spells every text token as two letters."""

    def decode(self, tokens: list[int], skip_special_tokens: bool = False) -> str:
        return "".join(f"{chr(97 + token % 26)}{chr(97 + token // 26)}" for token in tokens if token < END)


def multilingual_model(seed: int = 0, **changes: Any) -> WhisperForConditionalGeneration:
    """A Whisper-AT in evaluation mode, with a generation configuration as of OpenAI's models."""
    changes = {"max_target_positions": 40, "vocab_size": VOCABULARY, **changes}
    model = tiny_model(seed=seed, **changes)
    with torch.no_grad():
        model.proj_out.weight[END] *= 2  # else no text ever ends
    values = {
        "lang_to_id": {"<|en|>": ENGLISH, "<|de|>": GERMAN},
        "task_to_id": {"translate": TRANSLATE, "transcribe": TRANSCRIBE},
        "task": "transcribe",
        "is_multilingual": True,
        "no_timestamps_token_id": NO_TIMESTAMPS,
        "max_initial_timestamp_index": 50,
        "suppress_tokens": [3, 7, *range(START, NO_TIMESTAMPS)],
        "begin_suppress_tokens": [5, END],
        "alignment_heads": [[0, 1], [1, 0], [1, 3]],
        "max_length": None,
        "max_new_tokens": 20,
    }
    for name, value in values.items():
        setattr(model.generation_config, name, value)
    return model


def first_pass(model: WhisperForConditionalGeneration, features: torch.Tensor, **options: Any) -> list[dict]:
    """What greedy `generate` says to each window before it goes on to what it left of them.

    Returns:
        For each row `tokens` without prompt and end, and `token_timestamps` if asked for.
    """
    outputs = model.generate(features, num_beams=1, do_sample=False, return_segments=True, **options)
    rows = []
    for segments in outputs["segments"]:
        result = segments[0]["result"]
        result = result if isinstance(result, dict) else {"sequences": result}
        begin = segments[0]["idxs"][0]
        tokens = result["sequences"][begin:].tolist()
        end = model.generation_config.eos_token_id
        row = {"tokens": tokens[: tokens.index(end)] if end in tokens else tokens}
        if "token_timestamps" in result:
            row["token_timestamps"] = result["token_timestamps"][begin:][: len(row["tokens"])]
        rows.append(row)
    return rows


def encoded(model: WhisperForConditionalGeneration, features: torch.Tensor) -> torch.Tensor:
    """The encoder's last hidden state, by transformers."""
    with torch.no_grad():
        return model.get_encoder()(features).last_hidden_state
