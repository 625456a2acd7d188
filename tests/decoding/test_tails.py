"""Nothing is lost or said twice where a text stops before the sound of its window does."""

import pytest
import torch

from whisper_at_hf.decoding.tails import decode_with_tails, finished_part
from whisper_at_hf.decoding.window import Piece, SoundFile, Window, WindowResult
from whisper_at_hf.model.timeline import Span

FIRST, POSITIONS = 5001, 1500
# A word is its position in the window, as a token; it lasts for 60 positions, and 100 later the next one begins.
WORDS = list(range(0, 1400, 100))


def window(num_positions=POSITIONS):
    """A window whose features say which frame they are of; later frames than the sound's are silent."""
    frames = torch.arange(2 * POSITIONS, dtype=torch.float32)
    mask = (frames < 2 * num_positions).long()
    features = torch.where(mask.bool(), frames, -5.0)[None, None]
    return Window(features, mask[None], Span(), SoundFile(), num_positions=num_positions)


def said(window, tokens, is_cut_off=False):
    """What a decoder gives for a window."""
    return WindowResult.of(window, pieces=[Piece(torch.tensor([tokens], dtype=torch.long), is_cut_off=is_cut_off)])


def begin_of(window):
    return round(window.input_features[0, 0, 0].item()) // 2


class Speaker:
    """Says at most `at_a_time` words of a window; each word is a segment if `by_word`."""

    def __init__(self, at_a_time, ending, by_word=True):
        self.at_a_time, self.ending, self.by_word = at_a_time, ending, by_word
        self.calls = []

    def __call__(self, windows, pool):
        self.calls.append((len(windows), pool))
        return [self._say(window) for window in windows]

    def _say(self, window):
        begin = begin_of(window)
        assert window.input_features.shape[-1] == 2 * POSITIONS == window.attention_mask.shape[-1]
        assert window.attention_mask.sum() == 2 * window.num_positions
        heard = [word for word in WORDS if begin <= word < begin + window.num_positions]
        said = heard[: self.at_a_time]
        tokens = []
        for word in said:
            tokens += [FIRST + word - begin, word, FIRST + word - begin + 60]
        if len(said) < len(heard):
            following = heard[len(said)]
            tokens += {
                "segment begun": [FIRST + following - begin],
                "text begun": [FIRST + following - begin, following],
                "pair only": [FIRST + word - begin + 60],
            }[self.ending]
        times = torch.arange(len(tokens), dtype=torch.float32)
        is_cut_off = len(said) < len(heard) and self.ending == "text begun"
        piece = Piece(torch.tensor([tokens], dtype=torch.long), is_cut_off=is_cut_off, token_timestamps=times)
        return WindowResult.of(window, pieces=[piece], pooled=[("pooled", begin)], language_id=7)


def said_words(result):
    """Position in the window of all words, checked against the times around them."""
    words = []
    for piece in result.pieces:
        tokens = piece.tokens[0].tolist()
        assert len(piece.token_timestamps) == len(tokens)
        for before, token in zip(tokens, tokens[1:], strict=False):
            if token < FIRST:
                assert piece.position + before - FIRST == token
                words.append(token)
    return words


@pytest.mark.parametrize("ending", ["segment begun", "text begun", "pair only"])
@pytest.mark.parametrize("at_a_time", [1, 3, 5, 100])
def test_every_word_once(at_a_time, ending):
    speaker = Speaker(at_a_time, ending)
    windows = [window(), window(num_positions=730), window(num_positions=100)]
    results = decode_with_tails(windows, speaker, True, FIRST)
    assert [said_words(result) for result in results] == [WORDS, WORDS[:8], WORDS[:1]]
    assert all(result.pooled == [("pooled", 0)] and result.language_id == 7 for result in results)
    # Tails go together, and collect no pooled states.
    assert speaker.calls[0] == (3, True)
    assert len(speaker.calls) == -(-len(WORDS) // at_a_time)
    assert all(not pool and count <= 2 for count, pool in speaker.calls[1:])


def test_tails_are_filled_up_with_silence():
    heard = []

    def decode(windows, pool):
        heard.extend(windows)
        tokens = [FIRST, 5, FIRST + 200, FIRST + 250] if len(heard) == 1 else [FIRST, 5, FIRST + 60]
        return [said(window, tokens) for window in windows]

    (result,) = decode_with_tails([window(500)], decode, True, FIRST)
    whole, tail = heard
    features = tail.input_features[0, 0]
    assert torch.equal(features[:600], torch.arange(400.0, 1000.0))
    assert (features[600:] == -5.0).all()
    assert tail.num_positions == 300 and tail.file == whole.file
    assert [piece.position for piece in result.pieces] == [0, 200]


@pytest.mark.parametrize(
    "tokens",
    [
        [FIRST, 5, FIRST, FIRST],  # no progress
        [FIRST, 5, FIRST + 1495, FIRST + 1495],  # nothing left but less than a word
        [FIRST, 5, FIRST + 10],
        [FIRST, 5, 6],
        [5, 6, 7],
        [FIRST],
        [],
    ],
)
def test_one_piece_with_all_tokens_where_nothing_can_follow(tokens):
    def decode(windows, pool):
        assert pool
        return [said(window, tokens) for window in windows]

    (result,) = decode_with_tails([window()], decode, True, FIRST)
    (piece,) = result.pieces
    assert piece.position == 0 and piece.tokens[0].tolist() == tokens


def test_a_model_that_goes_on_in_the_smallest_steps_comes_to_an_end():
    calls = []

    def decode(windows, pool):
        calls.append(1)
        assert len(calls) < 2000
        return [said(window, [FIRST, 5, FIRST + 1, FIRST + 1]) for window in windows]

    (result,) = decode_with_tails([window(50)], decode, False, FIRST)
    assert [piece.position for piece in result.pieces] == list(range(41))


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([], (0, None)),
        ([FIRST], (1, None)),
        ([5, 6], (2, None)),
        ([FIRST, 5, FIRST + 9], (3, None)),
        ([FIRST, 5, FIRST + 9, FIRST + 9], (3, 9)),
        ([FIRST, 5, FIRST + 9, FIRST + 12, 6], (3, 9)),
        ([FIRST, 5, FIRST + 9, FIRST + 12, 6, FIRST + 20, FIRST + 20, 7, 8], (6, 20)),
        ([FIRST, 5, FIRST + 9, FIRST + 12, 6, FIRST + 20], (3, 9)),
    ],
)
def test_finished_part_of_a_text_that_was_cut_off(tokens, expected):
    assert finished_part(tokens, FIRST, is_cut_off=True) == expected


def test_a_text_that_came_to_its_end_is_finished():
    assert finished_part([FIRST, 5, FIRST + 9, FIRST + 12, 6], FIRST, is_cut_off=False) == (5, None)
    assert finished_part([FIRST, 5, FIRST + 9, FIRST + 12], FIRST, is_cut_off=False) == (3, 9)
