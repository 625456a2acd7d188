"""Which runs make up the benchmark, in the order they are taken."""

from collections.abc import Iterable, Iterator

from .material import Recording
from .measure import Task
from .peers import PEERS


def speed_tasks(
    models: Iterable[str], peers: Iterable[str], dtypes: Iterable[str], recording: Recording, repeats: int
) -> Iterator[Task]:
    """Every peer on one file, `repeats` times round, so that a slow spell of the machine hits all of them."""
    for model in models:
        for repeat in range(repeats):
            for peer in peers:
                for dtype in PEERS[peer].dtypes or dtypes:
                    yield Task(model, peer, dtype, recording, repeat)


def word_error_tasks(
    models: Iterable[str], peers: Iterable[str], dtypes: Iterable[str], recordings: Iterable[Recording]
) -> Iterator[Task]:
    """Every peer that writes a text of its own, once on each file."""
    peers = [peer for peer in peers if PEERS[peer].text and PEERS[peer].same_text_as is None]
    for recording in recordings:
        yield from speed_tasks(models, peers, dtypes, recording, repeats=1)


def growth_tasks(
    model: str, peers: Iterable[str], dtypes: Iterable[str], recordings: Iterable[Recording]
) -> Iterator[Task]:
    """Some peers, once on each of files of growing length."""
    for recording in recordings:
        yield from speed_tasks([model], peers, dtypes, recording, repeats=1)
