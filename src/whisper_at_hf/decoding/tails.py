"""Windows whose text is cut off before their sound ends are decoded again from there, so that no words are lost."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from torch.nn.functional import pad

from ..model.timeline import FRAMES_PER_POSITION, Span
from .token_rules import SHORTEST_WORD
from .window import Piece, Window, WindowResult

Decode = Callable[[Sequence[Window], bool], list[WindowResult]]


def decode_with_tails(
    windows: Sequence[Window], decode: Decode, pool: bool, first_timestamp: int
) -> list[WindowResult]:
    """The text of windows, each as one or more pieces.

    A text may need more tokens than it is given, or end by announcing another segment. Whisper's own long-form
    decoding then moves the window on to the last time that it wrote (https://arxiv.org/abs/2212.04356, section 3.8);
    so does this, for all such windows of the batch together.

    Args:
        windows: with `num_positions`, the encoder positions (20 ms) that hold sound.
        decode: decodes windows once, each as one piece; with pooled states if the second argument is True.
        pool: whether to collect pooled states, from the whole windows only.
        first_timestamp: the token of time 0.

    Returns:
        For each window its result, with all pieces.
    """
    results = decode(windows, pool)
    waiting = [(result, window, 0, result.pieces.pop()) for result, window in zip(results, windows, strict=True)]
    while waiting:
        tails = []
        for result, window, start, piece in waiting:
            tokens = piece.tokens[0].tolist()
            count, said_until = finished_part(tokens, first_timestamp, piece.is_cut_off)
            rest = None if said_until is None else start + said_until
            if rest is None or rest <= start or window.num_positions - said_until < SHORTEST_WORD:
                count, rest = len(tokens), None
            result.pieces.append(_first_tokens(piece, count, start))
            if rest is not None:
                tails.append((result, _tail(window, said_until), rest))
        found = decode([window for _, window, _ in tails], False) if tails else []
        waiting = [(*tail, output.pieces[0]) for tail, output in zip(tails, found, strict=True)]
    return results


def _first_tokens(piece: Piece, count: int, position: int) -> Piece:
    times = piece.token_timestamps
    return replace(
        piece,
        tokens=piece.tokens[:, :count],
        position=position,
        token_timestamps=None if times is None else times[:count],
    )


def finished_part(tokens: list[int], first_timestamp: int, is_cut_off: bool) -> tuple[int, int | None]:
    """How many tokens belong to finished segments, and the position (20 ms) at which the last of those ends.

    The position is None where the text came to its own end, and where no segment ends before another begins.
    """
    is_time = [token >= first_timestamp for token in tokens]
    pairs = [index for index in range(1, len(tokens)) if is_time[index - 1] and is_time[index]]
    if pairs and (is_cut_off or pairs[-1] == len(tokens) - 1):
        return pairs[-1], tokens[pairs[-1] - 1] - first_timestamp
    return len(tokens), None


def _tail(window: Window, rest: int) -> Window:
    """The window from position `rest` on, filled up with silence."""
    passed = rest * FRAMES_PER_POSITION
    features, mask = window.input_features, window.attention_mask
    return replace(
        window,
        input_features=pad(features[..., passed:], (0, passed), value=float(features.amin())),
        attention_mask=pad(mask[..., passed:], (0, passed)),
        num_positions=window.num_positions - rest,
        span=Span(),
    )
