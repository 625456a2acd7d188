"""The text of a recording in one lane of a picture: in boxes while there is room, and as its density after that."""

from itertools import pairwise

from .contents import Chunk

# Inches. Neighbouring chunks share a box until it is so wide, about 25 letters: words one by one, or the sentences of
# some minutes.
BOX_WIDTH = 1.5
# Chunks with a longer pause between them do not share a box, as a part of the whole time.
LONGEST_PAUSE = 0.02
# Boxes grow to so many lines.
MAX_LINES = 8
# With less of the text than that, boxes tell nothing, and the lane shows where there is much of it.
LEAST_SHOWN = 0.2
# Columns of the density.
DENSITY_COLUMNS = 240


def boxes(chunks: list[Chunk], seconds: float, width: float) -> list[Chunk]:
    """Chunks as they share boxes, in time order; each ends where the next one begins at the latest.

    Args:
        seconds: what the lane shows, from 0.
        width: of the lane, in inches.
    """
    ordered = sorted(chunks, key=lambda chunk: chunk.start)
    wide = seconds * BOX_WIDTH / width
    shared: list[Chunk] = []
    for chunk in ordered:
        last = shared[-1] if shared else None
        if last and last.end - last.start < wide and chunk.start - last.end < LONGEST_PAUSE * seconds:
            shared[-1] = Chunk(last.start, max(last.end, chunk.end), f"{last.text} {chunk.text}")
        else:
            shared.append(chunk)
    followers = [box.start for box in shared[1:]] + [seconds]
    return [Chunk(box.start, min(box.end, end), box.text) for box, end in zip(shared, followers, strict=True)]


def density(chunks: list[Chunk], seconds: float) -> list[float]:
    """Letters a second in each of `DENSITY_COLUMNS` parts of the time; those of a chunk are spread over it evenly."""
    edges = [seconds * number / DENSITY_COLUMNS for number in range(DENSITY_COLUMNS + 1)]
    letters = [0.0] * DENSITY_COLUMNS
    for chunk in chunks:
        first = min(int(chunk.start / seconds * DENSITY_COLUMNS), DENSITY_COLUMNS - 1)
        last = min(int(chunk.end / seconds * DENSITY_COLUMNS), DENSITY_COLUMNS - 1)
        for column in range(first, last + 1):
            inside = min(chunk.end, edges[column + 1]) - max(chunk.start, edges[column])
            part = inside / (chunk.end - chunk.start) if chunk.end > chunk.start else 1.0
            letters[column] += len(chunk.text) * part
    return [count / (after - before) for count, (before, after) in zip(letters, pairwise(edges), strict=True)]
