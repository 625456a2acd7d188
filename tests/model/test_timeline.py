"""Windows that start anywhere, merged into one timeline per file, equal the pooling of the file's own positions."""

import threading

import pytest
import torch
from tiny import pool_layers
from torch import nn

from whisper_at_hf.model.pooling import PoolingRequest
from whisper_at_hf.model.timeline import PooledTimeline, Span, TimelineRecorder, active_recorder, recording

SIZE, WINDOW = 20, 100  # positions (20 ms) a step, positions a window
LAYERS, WIDTH = 2, 3
ENCODER = nn.Identity()  # stands for the model's encoder where only its identity counts


def recorder_of(spans, pool=True):
    return TimelineRecorder(spans, ENCODER, SIZE, pool)


class Encoder:
    """Stands in for the encoder: the state at every position of every file depends on the window that it was seen in.

    `truth[file]`, `(layers, positions, width)`, keeps the state from the window that counts at each position: the one
    said to count from there on, else the first that covered it.
    """

    def __init__(self, recorder, files, positions):
        self.recorder = recorder
        self.truth = torch.zeros(files, LAYERS, positions, WIDTH)
        self.covered = torch.zeros(files, positions, dtype=torch.bool)
        self.generator = torch.Generator().manual_seed(0)

    def encode(self, seek, rows, prompts=None, languages=frozenset(), copies=1, spans=None, counts_from=None):
        """One pass over `rows` of `seek` (mel frames), announced as `generate` does.

        `counts_from` is the position of the file from which it replaces the windows before.
        """
        prompts = torch.zeros(len(rows), 1, dtype=torch.long) if prompts is None else prompts
        self.recorder.expect(torch.tensor(seek), rows, prompts, set(languages))
        hidden = torch.randn(LAYERS, len(rows), WINDOW, WIDTH, generator=self.generator)
        request = self.recorder.request(WINDOW)
        self.recorder.record(pool_layers(request, *hidden), WINDOW)
        for index, row in enumerate(rows):
            if row % copies:
                continue  # the first copy speaks for its file
            file = row // copies
            span = Span() if spans is None else spans[file]
            for position in range(WINDOW):
                place = span.origin + seek[row] // 2 + position
                wanted = place >= span.begin and (span.end is None or place < span.end)
                replaces = counts_from is not None and place >= counts_from
                if wanted and place < self.truth.shape[2] and (replaces or not self.covered[file, place]):
                    self.truth[file, :, place] = hidden[:, index, position]
                    self.covered[file, place] = True

    def repeat(self):
        """A pass that was not announced: the temperature fallback encodes the same window again."""
        return self.recorder.request(WINDOW)

    def expected(self, file, steps):
        """Plain pooling of the file's positions."""
        return self.truth[file, :, : steps * SIZE].unflatten(1, (steps, SIZE)).mean(dim=2)


def merged(recorder, file, steps):
    return recorder.states(file, steps)


# Seeks are mel frames (10 ms), two to a position; takeovers are the positions from which each window counts.
@pytest.mark.parametrize(
    ("seeks", "takeovers"),
    [
        ([0, 200, 400], [0, 100, 200]),  # side by side, on the grid
        ([0, 198, 396], [0, 100, 199]),  # one position before the grid line
        ([0, 162, 324], [0, 100, 180]),  # 19 positions shared: less than a step, once around a grid line
        ([0, 160, 320], [0, 100, 180]),  # a step shared, on the grid
        ([0, 120, 240], [0, 80, 140]),  # two steps shared: 60 to 100, then 120 to 160
        ([0, 100, 200], [0, 80, 140]),  # the middles, 75 and 125, lie between grid lines: the next one
        ([0, 6, 46, 182, 370], [0, 60, 80, 120, 191]),  # far overlaps, on odd positions
        ([0, 2, 4, 6, 200], [0, 60, 60, 60, 103]),  # two windows that count nowhere in the end
    ],
)
def test_windows_take_over_in_the_middle_of_what_they_share(seeks, takeovers):
    recorder = recorder_of([Span()])
    encoder = Encoder(recorder, files=1, positions=seeks[-1] // 2 + WINDOW)
    for seek, takeover in zip(seeks, takeovers, strict=True):
        encoder.encode([seek], [0], counts_from=takeover)

    steps = (seeks[-1] // 2 + WINDOW) // SIZE
    assert encoder.covered.all()
    torch.testing.assert_close(merged(recorder, 0, steps), encoder.expected(0, steps))


def test_one_window_is_plain_pooling():
    recorder = recorder_of([Span()])
    recorder.expect(torch.tensor([0]), [0], torch.zeros(1, 1, dtype=torch.long), set())
    request = recorder.request(WINDOW)
    assert (request.pooling_size, request.offsets) == (SIZE, None)  # the quick path, bit for bit that of the encoder


def test_repeats_of_a_window_are_not_pooled():
    recorder = recorder_of([Span()])
    encoder = Encoder(recorder, files=1, positions=2 * WINDOW)
    assert encoder.repeat() is None  # before anything is announced
    encoder.encode([0], [0])
    assert encoder.repeat() is None
    assert encoder.repeat() is None
    encoder.encode([170], [0])
    assert encoder.repeat() is None

    assert len(recorder.windows[0]) == 2
    torch.testing.assert_close(merged(recorder, 0, 9), encoder.expected(0, 9))


def test_a_window_with_nothing_new_adds_nothing():
    recorder = recorder_of([Span()])
    encoder = Encoder(recorder, files=1, positions=WINDOW)
    encoder.encode([0], [0])
    encoder.encode([0], [0])
    torch.testing.assert_close(merged(recorder, 0, 5), encoder.expected(0, 5))


def test_batches_shrink_as_files_end():
    recorder = recorder_of([Span(), Span(), Span()])
    encoder = Encoder(recorder, files=3, positions=4 * WINDOW)
    encoder.encode([0, 0, 0], [0, 1, 2])
    encoder.encode([130, 0, 182], [0, 2])  # file 1 is done
    encoder.encode([130, 0, 354], [2])

    assert [len(windows) for windows in recorder.windows] == [2, 1, 3]
    for file, steps in enumerate((8, 5, 13)):
        torch.testing.assert_close(merged(recorder, file, steps), encoder.expected(file, steps))


def test_copies_of_a_file_are_not_counted_twice():
    """`num_return_sequences=2` repeats every row, and the copies of one file may go on at different places."""
    recorder = recorder_of([Span(), Span()])
    encoder = Encoder(recorder, files=2, positions=4 * WINDOW)
    encoder.encode([0, 0, 0, 0], [0, 1, 2, 3], copies=2)
    encoder.encode([142, 142, 190, 190], [0, 1, 2, 3], copies=2)
    for file, steps in enumerate((8, 9)):
        torch.testing.assert_close(merged(recorder, file, steps), encoder.expected(file, steps))


def test_copies_that_went_apart_are_not_counted_twice():
    recorder = recorder_of([Span()])
    encoder = Encoder(recorder, files=1, positions=4 * WINDOW)
    encoder.encode([0, 0], [0, 1], copies=2)
    encoder.encode([142, 170], [0, 1], copies=2)
    encoder.encode([330, 310], [0, 1], copies=2)
    torch.testing.assert_close(merged(recorder, 0, 13), encoder.expected(0, 13))


def test_chunks_count_where_their_strides_say():
    """Chunks of 100 positions with 13 of context on either side, as rows of one file in batches of their own."""
    spans = [Span(0, 0, 87), Span(74, 87, 161), Span(148, 161, None)]
    whole = PooledTimeline()
    truth = torch.zeros(1, LAYERS, 3 * WINDOW, WIDTH)
    for span in spans:
        recorder = recorder_of([span])
        encoder = Encoder(recorder, files=1, positions=3 * WINDOW)
        encoder.encode([0], [0], spans=[span])
        whole.add(recorder.windows[0])
        truth += encoder.truth
    steps = (148 + WINDOW) // SIZE
    expected = truth[0, :, : steps * SIZE].unflatten(1, (steps, SIZE)).mean(dim=2)
    whole.end_at(steps)
    torch.testing.assert_close(whole.states, expected)


def test_a_chunk_that_is_decoded_in_several_windows_stops_at_its_end():
    span = Span(origin=74, begin=87, end=230)
    recorder = recorder_of([span])
    encoder = Encoder(recorder, files=1, positions=4 * WINDOW)
    encoder.encode([0], [0], spans=[span])
    encoder.encode([154], [0], spans=[span])
    assert encoder.covered[0].nonzero().flatten().tolist() == list(range(87, 230))
    torch.testing.assert_close(merged(recorder, 0, 12), encoder.expected(0, 12))


def test_windows_of_a_chunk_take_over_in_the_middle_too():
    span = Span(origin=74, begin=87, end=230)
    recorder = recorder_of([span])
    encoder = Encoder(recorder, files=1, positions=4 * WINDOW)
    encoder.encode([0], [0], spans=[span])  # 74 to 174
    encoder.encode([80], [0], spans=[span], counts_from=160)  # 114 to 214
    encoder.encode([240], [0], spans=[span])  # 194 to 294: no grid line lies behind 204 and before 214
    torch.testing.assert_close(merged(recorder, 0, 12), encoder.expected(0, 12))


def test_steps_never_encoded_are_zero_and_steps_past_the_end_are_cut():
    pooled = torch.ones(LAYERS, 5, WIDTH)
    timeline = PooledTimeline()
    timeline.add([(0, pooled), (8, 2 * pooled)])
    timeline.end_at(10)
    assert timeline.states[0, :, 0].tolist() == [1, 1, 1, 1, 1, 0, 0, 0, 2, 2]
    timeline.end_at(3)
    assert timeline.states.shape == (LAYERS, 3, WIDTH)
    timeline.end_at(5)
    assert timeline.states[0, :, 0].tolist() == [1, 1, 1, 0, 0]


def test_a_timeline_that_comes_in_pieces_forgets_what_is_dropped():
    whole, pieces = PooledTimeline(), PooledTimeline()
    windows = [(first, torch.randn(LAYERS, 5, WIDTH)) for first in (0, 4, 8)]
    whole.add(windows)
    for window, step in zip(windows, (3, 3, 7), strict=True):
        pieces.add([window])
        pieces.drop_before(step)
    assert pieces.first_step == 7
    torch.testing.assert_close(pieces.states, whole.states[:, 7:])
    pieces.end_at(9)
    torch.testing.assert_close(pieces.states, whole.states[:, 7:9])


def test_languages_are_read_from_the_first_prompt():
    recorder = recorder_of([Span(), Span()])
    encoder = Encoder(recorder, files=2, positions=3 * WINDOW)
    english, german = 7, 8
    encoder.encode([0, 0], [0, 1], torch.tensor([[1, english, 3], [1, german, 3]]), {english, german})
    encoder.encode([200, 200], [1], torch.tensor([[german, english, 3]]), {english, german})
    assert recorder.language_ids == [english, german]


def test_words_of_the_prompt_are_no_language():
    recorder = recorder_of([Span()])
    Encoder(recorder, files=1, positions=WINDOW).encode([0], [0], torch.tensor([[1, 5, 3]]), {7, 8})
    assert recorder.language_ids == [None]


def test_without_pooling_only_languages_are_noted():
    recorder = recorder_of([Span()], pool=False)
    recorder.expect(torch.tensor([0]), [0], torch.tensor([[1, 7]]), {7})
    assert recorder.request(WINDOW) is None
    assert (recorder.language_ids, recorder.windows) == ([7], [[]])


def test_a_request_names_what_it_pools():
    recorder = recorder_of([Span()])
    encoder = Encoder(recorder, files=1, positions=2 * WINDOW)
    encoder.encode([0], [0])
    recorder.expect(torch.tensor([166]), [0], torch.zeros(1, 1, dtype=torch.long), set())
    request = recorder.request(WINDOW)
    assert isinstance(request, PoolingRequest)
    assert request.offsets == [3]  # position 83 lies 3 after the grid line at 80
    assert request.bounds == [(17, 100)]  # positions 83 to 99 are known


def test_recorders_belong_to_their_thread():
    recorder = recorder_of([Span()])
    seen = []
    assert active_recorder(ENCODER) is None
    with recording(recorder):
        assert active_recorder(ENCODER) is recorder
        thread = threading.Thread(target=lambda: seen.append(active_recorder(ENCODER)))
        thread.start()
        thread.join()
    assert active_recorder(ENCODER) is None
    assert seen == [None]


def test_passes_of_another_encoder_are_not_recorded():
    with recording(recorder_of([Span()])):
        assert active_recorder(nn.Identity()) is None


def test_a_recorder_is_closed_by_an_error():
    with pytest.raises(KeyError), recording(recorder_of([Span()])):
        raise KeyError
    assert active_recorder(ENCODER) is None
