"""Text of many windows at once: greedy decoding, and sampling where Whisper's own checks call the result a failure.

The checks and their order are those of the Whisper paper (https://arxiv.org/abs/2212.04356, section 4.5). A window has
the same text in any batch: what is drawn and when a text is cut off does not depend on the windows beside it.
"""

import zlib
from dataclasses import dataclass, field

import torch
from transformers import WhisperForConditionalGeneration

from .cached_decoder import CachedDecoder
from .token_rules import TokenRules

# Rows that are done take part until this share of all is done: going on with fewer means copying their caches.
_SHARE_DONE = 0.25
# Tokens after which texts that have come to repeat themselves are cut off, rather than at the last one allowed.
_CHECK_EVERY = 64


@dataclass
class DecodingOptions:
    """How windows become text; the values are those of OpenAI's Whisper.

    Attributes:
        timestamps: whether the tokens hold times.
        temperature: of the first try, and of those that follow where a check fails.
        compression_ratio_threshold: text that compresses better than this repeats itself: a failure. None: no check.
        logprob_threshold: a mean log-probability of the tokens below this is a failure. None: no check.
        no_speech_threshold: a window is silent if its probability of no speech is above this and its tokens are below
            `logprob_threshold`. None: no check.
        max_new_tokens: tokens of a window at most; None for half of the decoder's positions.
    """

    timestamps: bool = True
    temperature: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    compression_ratio_threshold: float | None = 2.4
    logprob_threshold: float | None = -1.0
    no_speech_threshold: float | None = 0.6
    max_new_tokens: int | None = None


@dataclass
class DecodedWindow:
    """What was said in one window.

    Attributes:
        tokens: without the prompt and the end token; empty where nothing was said.
        mean_logprob: of the tokens and the end token.
        no_speech_prob: probability that nobody speaks.
        temperature: that the tokens were decoded at.
        is_cut_off: whether there were more tokens to come than allowed.
    """

    tokens: list[int] = field(default_factory=list)
    mean_logprob: float = 0.0
    no_speech_prob: float = 0.0
    temperature: float = 0.0
    is_cut_off: bool = False


class WindowDecoder:
    """Decodes encoded windows of a model.

    Args:
        model: with a decoder; on its device and in its dtype.
        tokenizer: that spells its tokens.
        options: how.
    """

    def __init__(self, model: WhisperForConditionalGeneration, tokenizer, options: DecodingOptions):
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        self.config = model.generation_config
        self.rules = TokenRules(self.config, options.timestamps, model.device)

    def detect_languages(self, encoder_states: torch.Tensor) -> list[int | None]:
        """The token of the likeliest language of each window; None for models of one language.

        Args:
            encoder_states: `(rows, positions, width)`.
        """
        languages = sorted((getattr(self.config, "lang_to_id", None) or {}).values())
        if not languages:
            return [None] * len(encoder_states)
        start = torch.full((len(encoder_states), 1), self.config.decoder_start_token_id, device=self.model.device)
        logits = CachedDecoder(self.model, encoder_states, max_length=1).logits(start)[:, -1]
        return [languages[index] for index in logits[:, languages].argmax(dim=-1).tolist()]

    @torch.inference_mode()
    def decode(
        self,
        encoder_states: torch.Tensor,
        prompts: list[list[int]],
        sound_ends: list[int] | None = None,
        seeds: list[int] | None = None,
    ) -> list[DecodedWindow]:
        """Decode windows, those that fail again and again at the next temperature.

        Args:
            encoder_states: `(rows, positions, width)`, the encoder's last hidden state.
            prompts: the tokens to begin with, as many for each row.
            sound_ends: see `TokenRules.apply`.
            seeds: of what is drawn for each row; 0 for all without them.
        """
        seeds = seeds or [0] * len(encoder_states)
        results: dict[int, DecodedWindow] = {}
        waiting = list(range(len(encoder_states)))
        for temperature in self.options.temperature:
            if not waiting:
                break
            states = encoder_states if len(waiting) == len(encoder_states) else encoder_states[waiting]
            ends = None if sound_ends is None else torch.tensor(sound_ends, device=self.model.device)[waiting]
            is_last_try = temperature == self.options.temperature[-1]
            dice = [torch.Generator().manual_seed(1000 * seeds[row] + round(100 * temperature)) for row in waiting]
            tries = self._decode_once(states, [prompts[row] for row in waiting], ends, temperature, dice, is_last_try)
            results.update(zip(waiting, tries, strict=True))
            waiting = [row for row, result in zip(waiting, tries, strict=True) if self._failed(result)]
        return [self._silenced(results[row]) for row in range(len(encoder_states))]

    def _decode_once(
        self,
        states: torch.Tensor,
        prompts: list[list[int]],
        sound_ends: torch.Tensor | None,
        temperature: float,
        dice: list[torch.Generator],
        is_last_try: bool,
    ) -> list[DecodedWindow]:
        prompt = torch.tensor(prompts, device=self.model.device)
        limit = self.options.max_new_tokens or self.model.config.max_target_positions // 2
        limit = min(limit, self.model.config.max_target_positions - prompt.shape[1])
        decoder = CachedDecoder(self.model, states, prompt.shape[1] + limit)
        logits = decoder.logits(prompt)
        results = [DecodedWindow([], 0.0, silence, temperature) for silence in self._no_speech_probs(logits, prompt)]
        logits = logits[:, -1]
        rows = torch.arange(len(prompts), device=prompt.device)
        tokens, logprobs = prompt[:, :0], torch.zeros(len(prompts), device=prompt.device)
        while True:
            self.rules.apply(logits, tokens, None if sound_ends is None else sound_ends[rows])
            chosen, logprob = self._choose(logits, tokens, temperature, dice)
            tokens, logprobs = torch.cat([tokens, chosen[:, None]], dim=1), logprobs + logprob
            leaving, is_time_to_leave = chosen == self.rules.end_token, False
            if not is_last_try and tokens.shape[1] % _CHECK_EVERY == 0:
                newest = tokens[:, -_CHECK_EVERY:].tolist()
                hopeless = torch.tensor([self._repeats_itself(row) for row in newest], device=leaving.device)
                leaving, is_time_to_leave = leaving | hopeless, hopeless.any()
            if tokens.shape[1] == limit:
                leaving = torch.ones_like(leaving)
            if is_time_to_leave or leaving.sum() > _SHARE_DONE * len(rows) or leaving.all():
                for row, spoken, total in zip(rows[leaving], tokens[leaving], logprobs[leaving], strict=True):
                    self._fill(results[row], spoken.tolist(), total.item())
                if leaving.all():
                    return results
                staying = (~leaving).nonzero()[:, 0]
                rows, tokens, logprobs = rows[staying], tokens[staying], logprobs[staying]
                dice = [dice[row] for row in staying.tolist()]
                decoder.keep(staying)
            logits = decoder.logits(tokens[:, -1:])[:, -1]

    def _choose(
        self, logits: torch.Tensor, tokens: torch.Tensor, temperature: float, dice: list[torch.Generator]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The next token of each row, the likeliest or one drawn, and its log-probability; rows at their end stay.

        The likeliest one after Gumbel noise is drawn as its probability says. Each row has its own dice, since what is
        drawn must not depend on the rows beside it.
        """
        if temperature:
            waits = torch.stack([torch.empty(logits.shape[1]).exponential_(generator=one) for one in dice])
            chosen = (logits / temperature - waits.log().to(logits)).argmax(dim=-1)
        else:
            chosen = logits.argmax(dim=-1)
        logprob = logits.gather(1, chosen[:, None])[:, 0] - logits.logsumexp(dim=1)
        has_ended = (tokens[:, -1:] == self.rules.end_token).any(dim=1)
        return torch.where(has_ended, self.rules.end_token, chosen), torch.where(has_ended, 0.0, logprob)

    def _fill(self, result: DecodedWindow, spoken: list[int], logprob: float) -> None:
        end = self.rules.end_token
        result.is_cut_off = end not in spoken
        result.tokens = spoken if result.is_cut_off else spoken[: spoken.index(end)]
        result.mean_logprob = logprob / (len(result.tokens) + 1)

    def _no_speech_probs(self, logits: torch.Tensor, prompt: torch.Tensor) -> list[float]:
        """What follows the start token, `(rows, prompt, vocab_size)`; the token of no speech precedes "no times"."""
        start = (prompt[0] == self.config.decoder_start_token_id).nonzero()[-1, 0]
        return logits[:, start].softmax(dim=-1)[:, self.config.no_timestamps_token_id - 1].tolist()

    def _failed(self, result: DecodedWindow) -> bool:
        options = self.options
        if self._is_silent(result):
            return False
        if options.logprob_threshold is not None and result.mean_logprob < options.logprob_threshold:
            return True
        return self._repeats_itself(result.tokens)

    def _is_silent(self, result: DecodedWindow) -> bool:
        limit, likely = self.options.no_speech_threshold, self.options.logprob_threshold
        if limit is None or result.no_speech_prob <= limit:
            return False
        return likely is None or result.mean_logprob < likely

    def _silenced(self, result: DecodedWindow) -> DecodedWindow:
        if self._is_silent(result):
            result.tokens = []
        return result

    def _repeats_itself(self, tokens: list[int]) -> bool:
        limit = self.options.compression_ratio_threshold
        if limit is None:
            return False
        text = self.tokenizer.decode(tokens, skip_special_tokens=True).strip().encode()
        return len(text) / len(zlib.compress(text)) > limit
