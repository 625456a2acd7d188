"""The rows of a job, and how far they are from those of another."""

from pathlib import Path

from pyarrow import parquet


def read_rows(output: Path) -> list[dict]:
    """All rows, in the order of their files; rows that are there twice come twice."""
    files = sorted((output / "rows").glob("*.parquet"))
    return sorted((row for file in files for row in parquet.read_table(file).to_pylist()), key=lambda row: row["id"])


def compare(rows: list[dict], others: list[dict]) -> dict:
    """How many rows, ids that come twice, rows that differ but for scores, and by how much scores differ at most."""
    differing, largest = 0, 0.0
    for row, other in zip(rows, others, strict=True):
        (kept, scores), (other_kept, other_scores) = _parted(row), _parted(other)
        if kept != other_kept:
            differing += 1
        else:
            largest = max([largest, *(abs(a - b) for a, b in zip(scores, other_scores, strict=True))])
    doubled = len(rows) - len({row["id"] for row in rows})
    return {"rows": len(rows), "doubled": doubled, "differing": differing, "largest score difference": largest}


def _parted(row: dict) -> tuple[dict, list[float]]:
    """All that is no score, and the scores. Tags by their names: rounding may change the order of equal ones."""
    tags = [{**window, "tags": sorted(window["tags"], key=lambda tag: tag["label"])} for window in row["tags"] or ()]
    events = row["events"] or ()
    scores = [tag["score"] for window in tags for tag in window["tags"]] + [event["score"] for event in events]
    named = [(window["start"], window["end"], [tag["label"] for tag in window["tags"]]) for window in tags]
    kept = {name: value for name, value in row.items() if name not in ("tags", "events")}
    return {**kept, "tags": named, "events": [{**event, "score": None} for event in events]}, scores
