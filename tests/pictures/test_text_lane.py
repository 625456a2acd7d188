"""The boxes of text, and its density."""

import pytest

from whisper_at_hf.pictures.contents import Chunk
from whisper_at_hf.pictures.text_lane import BOX_WIDTH, boxes, density


def words(*starts: float) -> list[Chunk]:
    return [Chunk(start, start + 1, f"w{start}") for start in starts]


def test_neighbours_share_a_box_until_it_is_wide_enough():
    shared = boxes(words(0, 1, 2, 3, 4, 5), seconds=9, width=3 * BOX_WIDTH)
    assert shared == [Chunk(0, 3, "w0 w1 w2"), Chunk(3, 6, "w3 w4 w5")]


def test_a_pause_parts_boxes():
    assert boxes(words(0, 4), seconds=9, width=3 * BOX_WIDTH) == words(0, 4)


def test_boxes_do_not_overlap():
    overlapping = [Chunk(5, 9, "b"), Chunk(0, 6, "a"), Chunk(8, 12, "c")]
    assert boxes(overlapping, 10, 100) == [Chunk(0, 5, "a"), Chunk(5, 8, "b"), Chunk(8, 10, "c")]


def test_density_counts_each_letter_once():
    chunks = [Chunk(0, 3, "abc"), Chunk(2, 2.1, "x" * 10), Chunk(100, 100, "yy"), Chunk(110, 120, "z" * 20)]
    columns = density(chunks, 120)  # half a second each
    assert sum(columns) * 0.5 == pytest.approx(35)
    assert columns[0] == pytest.approx(1) and columns[-1] == pytest.approx(2)
    assert columns[200] == pytest.approx(4) and columns[100] == 0
