"""Which tokens Whisper may say next, for all rows of a batch at once.

The rules are those of the Whisper paper (https://arxiv.org/abs/2212.04356, section 4.5) and of transformers'
`WhisperTimeStampLogitsProcessor`, which reads every row in Python for every token.
"""

import math

import torch
from transformers import GenerationConfig

# Encoder positions (20 ms): no word is shorter.
SHORTEST_WORD = 10


class TokenRules:
    """Forbids tokens by setting their logits to minus infinity.

    Args:
        config: the model's generation configuration.
        timestamps: whether timestamps are written.
        device: where the logits are.
    """

    def __init__(self, config: GenerationConfig, timestamps: bool, device: torch.device):
        self.timestamps = timestamps
        self.end_token = _first(config.eos_token_id)
        self.first_timestamp = config.no_timestamps_token_id + 1
        # Without timestamps the prompt says so, and the suppressed tokens are all that is forbidden.
        suppressed = [*(config.suppress_tokens or []), *([config.no_timestamps_token_id] if timestamps else [])]
        self._suppressed = torch.tensor(suppressed, dtype=torch.long, device=device)
        at_begin = getattr(config, "begin_suppress_tokens", None) or []
        self._suppressed_at_begin = torch.tensor(at_begin, dtype=torch.long, device=device)
        self._latest_begin = getattr(config, "max_initial_timestamp_index", None)

    def apply(self, logits: torch.Tensor, tokens: torch.Tensor, sound_ends: torch.Tensor | None = None) -> None:
        """Forbid in place what may not follow.

        Args:
            logits: `(rows, vocab_size)`.
            tokens: `(rows, count)`, what was said since the prompt.
            sound_ends: `(rows,)`, encoder positions (20 ms) at which the windows' sound ends in a pause. No time comes
                after that. A text that has begun a segment before that may not end without it; as Whisper was trained,
                it would, and leave the rest to the next window.
        """
        logits[:, self._suppressed] = -math.inf
        if not tokens.shape[1]:
            logits[:, self._suppressed_at_begin] = -math.inf
        if self.timestamps:
            self._apply_timestamp_rules(logits, tokens, sound_ends)

    def _apply_timestamp_rules(
        self, logits: torch.Tensor, tokens: torch.Tensor, sound_ends: torch.Tensor | None
    ) -> None:
        first = self.first_timestamp
        text, times = logits[:, :first], logits[:, first:]
        if not tokens.shape[1]:
            text.fill_(-math.inf)
            if self._latest_begin is not None:
                times[:, self._latest_begin + 1 :] = -math.inf
            return
        is_time = tokens >= first
        last = is_time[:, -1]
        before = is_time[:, -2] if tokens.shape[1] > 1 else torch.ones_like(last)
        # After a pair of times there must be text; after a single one its partner, or the end.
        times[last & before] = -math.inf
        text[last & ~before, : self.end_token] = -math.inf
        positions = torch.arange(times.shape[1], device=logits.device)
        if sound_ends is not None:
            has_begun = last & before & (tokens[:, -1] - first < sound_ends - SHORTEST_WORD)
            text[has_begun, self.end_token] = -math.inf
            times.masked_fill_(positions > sound_ends[:, None], -math.inf)
        # Times never go back, and a segment takes time.
        latest = torch.where(is_time, tokens - first, -1).amax(dim=1)
        earliest = torch.where(last & ~before, latest, latest + 1)
        times.masked_fill_(positions < earliest[:, None], -math.inf)
        # Where a time is likelier than any single text token, a time it is.
        is_likelier = times.logsumexp(dim=1) > text.amax(dim=1)
        text[is_likelier] = -math.inf


def _first(token: int | list[int]) -> int:
    return token[0] if isinstance(token, list) else token
