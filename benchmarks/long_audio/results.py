"""The JSON file: every run, and the summaries made from them. Rewritten whole after each run."""

import json
import os
from pathlib import Path
from statistics import median

from whisper_at_hf.errors import InputError

from .material import LENGTH_PREFIX
from .measure import Task
from .peers import BASELINES, PEERS


class Results:
    """Runs taken so far, from the file if there is one: an interrupted benchmark goes on where it was.

    Args:
        path: the JSON file.
        machine: what the runs are taken on.
        settings: what they all have in common.

    Raises:
        InputError: the file holds runs of another machine or other settings.
    """

    def __init__(self, path: Path, machine: dict, settings: dict):
        self.path = path
        self.content = {"machine": machine, "settings": settings, "versions": {}, "runs": []}
        if path.is_file():
            earlier = json.loads(path.read_text())
            for name in ("machine", "settings"):
                if earlier[name] != self.content[name]:
                    raise InputError(
                        f"{path} holds runs with another {name}, {earlier[name]}; delete it or name another --output."
                    )
            self.content["versions"] = earlier["versions"]
            # A run that failed is tried again.
            self.content["runs"] = [run for run in earlier["runs"] if "error" not in run]

    @property
    def runs(self) -> list[dict]:
        return self.content["runs"]

    def has(self, task: Task) -> bool:
        """Whether the run has been taken."""
        return any(task.key.items() <= run.items() for run in self.runs)

    def add(self, record: dict) -> None:
        """Keep a run and write the file."""
        record = dict(record)
        if "versions" in record:
            self.content["versions"][PEERS[record["peer"]].python] = record.pop("versions")
        self.runs.append(record)
        self.write()

    def write(self, **summaries: object) -> None:
        """Write the file, complete or not at all, with these summaries beside the runs."""
        self.content.update(summaries)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(self.path.name + ".part")
        unfinished.write_text(json.dumps(self.content, indent=1) + "\n")
        os.replace(unfinished, self.path)


def speed_rows(runs: list[dict], file: str) -> list[dict]:
    """A row for each model, peer and dtype on one file: medians, word error rate, ratios to the baselines."""
    rows = []
    for (model, peer, dtype), group in _grouped(runs, file).items():
        good = [run for run in group if "error" not in run]
        row = {"model": model, "peer": peer, "dtype": dtype}
        if not good:
            rows.append({**row, "error": group[-1]["error"]})
            continue
        seconds = median(run["seconds"] for run in good)
        row["seconds"], row["all_seconds"] = seconds, [run["seconds"] for run in good]
        row["real_time_factor"] = seconds / (60 * good[0]["minutes"])
        for name in ("peak_rss_mb", "peak_cuda_mb"):
            if name in good[0]:
                row[name] = median(run[name] for run in good)
        row["parts"] = {name: median(run["parts"][name] for run in good) for name in good[0]["parts"]}
        row["word_error_rate"] = word_error_rate(good[:1])
        rows.append(row)
    for row in rows:
        if "seconds" in row:
            row["ratios"] = _ratios(row, [other for other in rows if other["model"] == row["model"]])
    return rows


def _ratios(row: dict, rows: list[dict]) -> dict[str, float]:
    """Seconds of a row against those of the baselines, of AST alone, and of the same work without tags."""
    ratios = {}
    for other in rows:
        if "seconds" not in other:
            continue
        if other["peer"] in BASELINES:
            ratios[other["peer"]] = row["seconds"] / other["seconds"]
        if "ast" in other["parts"]:
            ratios["ast"] = row["seconds"] / other["parts"]["ast"]
        if other["peer"] == PEERS[row["peer"]].without_tags and other["dtype"] == row["dtype"]:
            ratios["without tags"] = row["seconds"] / other["seconds"]
    return ratios


def word_error_rows(runs: list[dict], files: list[str]) -> list[dict]:
    """The word error rate over all files for each model, peer and dtype that has been through all of them."""
    groups: dict[tuple, dict[str, dict]] = {}
    for run in runs:
        if run["file"] in files and run["repeat"] == 0 and run.get("words"):
            groups.setdefault((run["model"], run["peer"], run["dtype"]), {})[run["file"]] = run
    return [
        {"model": model, "peer": peer, "dtype": dtype, "word_error_rate": word_error_rate(list(group.values()))}
        for (model, peer, dtype), group in groups.items()
        if len(group) == len(files)
    ]


def growth_rows(runs: list[dict]) -> list[dict]:
    """Seconds and memory of the files made for their length, for each model, peer and dtype."""
    rows: dict[tuple, dict] = {}
    for run in sorted(runs, key=lambda run: run.get("minutes", 0)):
        if run["file"].startswith(LENGTH_PREFIX) and "error" not in run:
            key = {name: run[name] for name in ("model", "peer", "dtype")}
            row = rows.setdefault(tuple(key.values()), {**key, "minutes": [], "seconds": [], "peak_rss_mb": []})
            for name in ("minutes", "seconds", "peak_rss_mb"):
                row[name].append(run[name])
    return list(rows.values())


def word_error_rate(runs: list[dict]) -> float | None:
    """Wrong words of all runs over words of all transcripts; None without text."""
    words = sum(run.get("words", 0) for run in runs)
    return sum(run["wrong_words"] for run in runs) / words if words else None


def _grouped(runs: list[dict], file: str) -> dict[tuple, list[dict]]:
    groups: dict[tuple, list[dict]] = {}
    for run in runs:
        if run["file"] == file:
            groups.setdefault((run["model"], run["peer"], run["dtype"]), []).append(run)
    return groups
