"""What became of shards that were begun: kept where the rows go, since any machine may have to go on with them."""

import json
from collections import Counter
from dataclasses import dataclass

from ..errors import InputError
from .deaths import MOST_DEATHS, gave_up, nobody_to_blame
from .store import Store

# How the folder of a run begins.
_FOLDER = "attempts-"
_STOP = "stop"


@dataclass
class Attempt:
    """A shard in work.

    Attributes:
        deaths: how often a worker died of it, by the file that it was at; "" where it was at none.
    """

    store: Store
    name: str
    deaths: Counter[str]

    @property
    def deadly(self) -> dict[str, str]:
        """By id, why files are given up."""
        return {file: gave_up(file) for file, count in self.deaths.items() if file and count >= MOST_DEATHS}

    @property
    def one_by_one(self) -> bool:
        """Whether it has to be known which file is worked on."""
        return bool(self.deaths)

    def reach(self, file: str = "") -> None:
        """Keep which file is worked on now, for whoever goes on after a death."""
        self.store.write(self.name, json.dumps({"file": file, "deaths": self.deaths}).encode())

    def end(self) -> None:
        """The rows are there."""
        self.store.remove(self.name)


class Attempts:
    """The attempts of one run; it can be pickled.

    Args:
        output: address of the store.
        run: tells it from all others: what killed those says nothing about files.
    """

    def __init__(self, output: str, run: str):
        self.output = output
        self.folder = f"{_FOLDER}{run}"

    def begin(self, shard: int) -> Attempt | None:
        """Begin a shard, or go on with one whose worker has died; None if the run is being stopped.

        Raises:
            InputError: workers died of it again and again, while they were at none of its files.
        """
        store, name = Store(self.output), f"{shard:06d}.json"
        names = store.names(self.folder)
        if _STOP in names:
            return None
        path = f"{self.folder}/{name}"
        deaths: Counter[str] = Counter()
        if name in names:
            earlier = json.loads(store.read(path))
            deaths = Counter(earlier["deaths"])
            deaths[earlier["file"]] += 1
            if deaths[""] >= MOST_DEATHS:
                raise InputError(nobody_to_blame())
        attempt = Attempt(store, path, deaths)
        attempt.reach()
        return attempt

    def stop(self) -> None:
        """Nobody begins another shard."""
        Store(self.output).write(f"{self.folder}/{_STOP}", b"")

    @property
    def in_work(self) -> bool:
        """Whether a shard was begun that has not ended."""
        return any(name.endswith(".json") for name in Store(self.output).names(self.folder))

    def forget(self) -> None:
        """Leave nothing behind; nobody may be working."""
        Store(self.output).remove(self.folder)


def forget_all(store: Store) -> None:
    """Delete what killed runs have left; nobody may be working."""
    for name in store.names(""):
        if name.startswith(_FOLDER):
            store.remove(name)
