"""Windows whose text is cut off before their sound ends are decoded again from there, so that no words are lost."""

from collections.abc import Callable

from torch.nn.functional import pad

from ..model.timeline import FRAMES_PER_POSITION, Span
from .token_rules import SHORTEST_WORD

Generate = Callable[[list[dict], bool], list[dict]]


def generate_with_tails(rows: list[dict], generate: Generate, pool: bool, first_timestamp: int) -> list[dict]:
    """The text of windows, each as one or more pieces.

    A text may need more tokens than it is given, or end by announcing another segment. Whisper's own long-form
    decoding then moves the window on to the last time that it wrote (https://arxiv.org/abs/2212.04356, section 3.8);
    so does this, for all such windows of the batch together.

    Args:
        rows: as for `WindowGenerator.generate`, with `num_positions`, the encoder positions (20 ms) that hold sound.
        generate: decodes rows; with pooled states if the second argument is True.
        pool: whether to collect pooled states, from the whole windows only.
        first_timestamp: the token of time 0.

    Returns:
        For each row, `pieces`: `(position, output)` with the output of `generate` and where in the window it begins;
        and `windows` and `language_id` of the whole window.
    """
    results = []
    waiting = []
    for row, output in zip(rows, generate(rows, pool), strict=True):
        result = {"pieces": [], "windows": output["windows"], "language_id": output["language_id"]}
        results.append(result)
        waiting.append((result, row, 0, output))
    while waiting:
        tails = []
        for result, row, start, output in waiting:
            tokens = output["tokens"][0].tolist()
            count, said_until = finished_part(tokens, first_timestamp, output["is_cut_off"])
            rest = None if said_until is None else start + said_until
            if rest is None or rest <= start or row["num_positions"] - said_until < SHORTEST_WORD:
                count, rest = len(tokens), None
            result["pieces"].append((start, _first_tokens(output, count)))
            if rest is not None:
                tails.append((result, _tail(row, said_until), rest))
        outputs = generate([row for _, row, _ in tails], False) if tails else []
        waiting = [(*tail, output) for tail, output in zip(tails, outputs, strict=True)]
    return results


def _first_tokens(output: dict, count: int) -> dict:
    shortened = {**output, "tokens": output["tokens"][:, :count]}
    if "token_timestamps" in output:
        shortened["token_timestamps"] = [output["token_timestamps"][0][:count]]
    return shortened


def finished_part(tokens: list[int], first_timestamp: int, is_cut_off: bool) -> tuple[int, int | None]:
    """How many tokens belong to finished segments, and the position (20 ms) at which the last of those ends.

    The position is None where the text came to its own end, and where no segment ends before another begins.
    """
    is_time = [token >= first_timestamp for token in tokens]
    pairs = [index for index in range(1, len(tokens)) if is_time[index - 1] and is_time[index]]
    if pairs and (is_cut_off or pairs[-1] == len(tokens) - 1):
        return pairs[-1], tokens[pairs[-1] - 1] - first_timestamp
    return len(tokens), None


def _tail(row: dict, rest: int) -> dict:
    """The window from position `rest` on, filled up with silence."""
    passed = rest * FRAMES_PER_POSITION
    features, mask = row["input_features"], row["attention_mask"]
    return {
        **row,
        "input_features": pad(features[..., passed:], (0, passed), value=float(features.amin())),
        "attention_mask": pad(mask[..., passed:], (0, passed)),
        "num_positions": row["num_positions"] - rest,
        "span": Span(),
    }
