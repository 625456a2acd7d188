"""When each token was said, from the decoder's attention; transformers' own alignment on one pass over all tokens."""

import torch
from transformers import WhisperForConditionalGeneration
from transformers.generation.utils import GenerateEncoderDecoderOutput

from ..errors import InputError
from ..model.timeline import FRAMES_PER_POSITION
from .cached_decoder import CachedDecoder


def word_times(
    model: WhisperForConditionalGeneration,
    encoder_states: torch.Tensor,
    prompt: list[int],
    tokens: list[int],
    num_positions: int,
) -> torch.Tensor:
    """Seconds from the window's start at which each token ends, `(tokens,)`.

    Args:
        encoder_states: `(1, positions, width)`, the encoder's last hidden state.
        prompt: the tokens that the decoder began with.
        tokens: those that it went on with.
        num_positions: encoder positions (20 ms) with audio; later ones are padding.

    Raises:
        InputError: the model's generation configuration names no alignment heads.
    """
    heads = getattr(model.generation_config, "alignment_heads", None)
    if heads is None:
        raise InputError(
            "The model has no alignment_heads in its generation_config, so it cannot time words; "
            "use return_timestamps=True, or add them (see openai's whisper for those of each model)."
        )
    if not tokens:
        return torch.zeros(0)
    spoken = torch.tensor([[*prompt, *tokens]], device=model.device)
    decoder = CachedDecoder(model, encoder_states, spoken.shape[1], keep_attention=True)
    decoder.logits(spoken)
    outputs = GenerateEncoderDecoderOutput(sequences=spoken, cross_attentions=(decoder.cross_attentions(),))
    times = model._extract_token_timestamps(
        outputs,
        heads,
        num_frames=max(1, num_positions) * FRAMES_PER_POSITION,
        num_input_ids=len(prompt),
    )
    return times[0, len(prompt) : len(prompt) + len(tokens)].cpu()
