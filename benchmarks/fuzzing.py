"""Hostile input: what the package makes of files that are damaged or forged.

    python benchmarks/fuzzing.py                          # 10 000 files of sound and 10 000 others
    python benchmarks/fuzzing.py --count 500
    python benchmarks/fuzzing.py --case "ogg opus" 17     # that case alone, here, with its traceback

Intact files of each kind are mutated (bits, runs, integers, truncation, splices of two) or forged (absurd headers,
values, nesting, bombs), and read by the package's own readers in processes with limits of time and memory. A case is
named by its kind and seed. What may come of one: it is read, or an `InputError`. Anything else is a finding: another
exception, more memory or time than the limits, or a process that dies. Prints a table and the findings, and writes
`benchmarks/fuzzing/results.json`. Ends with 1 if there are findings.

Cases are the same every time with the same versions of what writes the intact files (FFmpeg, libsndfile, torch).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

FOLDER = Path(__file__).with_suffix("")
OUTCOMES = ("fine", "ours", "other exception", "memory", "time-out", "crash")
FAMILIES = ("sound", "files")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000, help="cases of each family")
    parser.add_argument("--family", choices=FAMILIES, help="one of the two alone")
    parser.add_argument("--kind", help="one kind alone, with all of the cases")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0, help="that a case may take")
    parser.add_argument("--memory", type=int, default=1024, help="MiB that a case may take")
    parser.add_argument("--case", nargs=2, metavar=("KIND", "SEED"), help="one case, in this process")
    parser.add_argument("--output", type=Path, default=FOLDER / "results.json")
    args = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"  # a name that a file gives must not be looked up
    os.environ["OMP_NUM_THREADS"] = "1"

    from fuzzing.kinds import plan
    from fuzzing.running import run_cases
    from fuzzing.worker import make_intact

    with tempfile.TemporaryDirectory() as folder:
        intact = Path(folder)
        make_intact(intact)
        if args.case:
            return read_here(args.case[0], int(args.case[1]), intact)
        families = [args.family] if args.family else FAMILIES
        cases = [case for family in families for case in plan(family, args.count, args.first_seed)]
        if args.kind:
            cases = [(args.kind, args.first_seed + seed) for seed in range(args.count)]
        start = time.perf_counter()
        results = list(track(run_cases(cases, intact, args.seconds, args.memory), "reading", len(cases)))
        report(results, args, time.perf_counter() - start)
    return int(any(result.outcome not in ("fine", "ours") for result in results))


def read_here(kind: str, seed: int, intact: Path) -> int:
    """Reads one case without limits; what it raises ends the program."""
    from fuzzing.kinds import KINDS
    from fuzzing.worker import hostile_file

    content = hostile_file(kind, seed, intact)
    target = intact / kind / KINDS[kind].file
    target.write_bytes(content)
    print(f"{len(content)} bytes: {content[:64]!r}")
    KINDS[kind].read(intact / kind)
    print("fine")
    return 0


def report(results: Iterable, args: argparse.Namespace, seconds: float) -> None:
    """Prints the table and every kind of finding once, with how often and one seed; writes the JSON."""
    rows: dict[str, Counter] = defaultdict(Counter)
    findings: dict[tuple[str, str, str], list] = defaultdict(list)
    slowest: dict[str, float] = defaultdict(float)
    largest: dict[str, float] = defaultdict(float)
    for result in results:
        rows[result.kind][result.outcome] += 1
        slowest[result.kind] = max(slowest[result.kind], result.seconds)
        largest[result.kind] = max(largest[result.kind], result.peak_mb)
        if result.outcome not in ("fine", "ours"):
            findings[result.kind, result.outcome, result.detail.split(": ")[0]].append(result)
    table = Table("kind", *OUTCOMES, "slowest, s", "most MiB")
    for kind, counts in rows.items():
        cells = [str(counts[outcome] or "") for outcome in OUTCOMES]
        table.add_row(kind, *cells, f"{slowest[kind]:.2f}", f"{largest[kind]:.0f}")
    total = sum(rows.values(), Counter())
    table.add_section()
    table.add_row("all", *(str(total[outcome] or "") for outcome in OUTCOMES), "", "")
    Console(width=130).print(table)
    for (kind, outcome, _), found in findings.items():
        print(f"{len(found):5d} {outcome}, {kind} {found[0].seed}: {found[0].detail}")
    values = {
        "count": args.count, "first_seed": args.first_seed, "limits": {"seconds": args.seconds, "MiB": args.memory},
        "minutes": round(seconds / 60, 1), "total": dict(total), "kinds": {
            kind: {**counts, "slowest_seconds": round(slowest[kind], 2), "most_mib": round(largest[kind])}
            for kind, counts in rows.items()
        }, "findings": [asdict(found[0]) | {"times": len(found)} for found in findings.values()],
    }  # fmt: skip
    args.output.write_text(json.dumps(values, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
