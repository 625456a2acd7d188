"""Runs transformers' common model tests on plain Whisper and on our classes, and compares.

Exit code 1 if a test fails on ours that does not fail on plain Whisper under the same tester. Arguments go to pytest
(`python hf_tests/run.py -k sdpa`).
"""

import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# Both are read at import. No test here needs the hub, and none may wait for it.
os.environ["HF_HUB_OFFLINE"] = "1"
# The models are so small that threads would mostly wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import transformers
from sources import prepare

HERE = Path(__file__).parent

# Our suites, each with the one of plain Whisper that runs the same tests with the same tester; a head alone has none.
COUNTERPARTS = {
    "WhisperATSeq2SeqTest": "WhisperSeq2SeqTest",
    "WhisperATEncoderTest": "WhisperEncoderTest",
    "TLTRTest": None,
}


@dataclass
class Results:
    """A pytest plugin that notes how every test ended.

    Attributes:
        outcomes: `{(suite, test): "passed", "skipped" or "failed"}`.
        reasons: `{(suite, test): why it was skipped}`.
    """

    outcomes: dict[tuple[str, str], str] = field(default_factory=dict)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        _, suite, test = report.nodeid.split("::")
        key = (suite, test)
        if report.failed or self.outcomes.get(key) == "failed":
            self.outcomes[key] = "failed"
        elif type(report) is not pytest.TestReport:
            return  # a subtest that did not fail: its test counts
        elif report.skipped:
            self.outcomes[key] = "skipped"
            self.reasons[key] = report.longrepr[2].removeprefix("Skipped: ")
        elif report.when == "call":
            self.outcomes[key] = "passed"

    def counts(self, suite: str) -> Counter:
        """How many tests of the suite ended in which way."""
        return Counter(outcome for (name, _), outcome in self.outcomes.items() if name == suite)

    def failed_on_ours_alone(self) -> list[tuple[str, str]]:
        """Our tests that failed, while the same test of plain Whisper did not or does not exist."""
        return [key for key in self._ours("failed") if self._on_plain_whisper(key) != "failed"]

    def skipped_on_ours_alone(self) -> list[tuple[str, str]]:
        """Our tests that were skipped, while the same test of plain Whisper passed."""
        return [key for key in self._ours("skipped") if self._on_plain_whisper(key) == "passed"]

    def _ours(self, outcome: str) -> list[tuple[str, str]]:
        return [key for key, ended in self.outcomes.items() if key[0] in COUNTERPARTS and ended == outcome]

    def _on_plain_whisper(self, key: tuple[str, str]) -> str | None:
        suite, test = key
        return self.outcomes.get((COUNTERPARTS[suite], test))


def report(results: Results) -> bool:
    """Print the comparison; True if nothing fails on ours alone."""
    print(f"\n{'':24}{'passed':>8}{'skipped':>9}{'failed':>8}")
    for title, suites in (("plain Whisper", filter(None, COUNTERPARTS.values())), ("Whisper-AT", COUNTERPARTS)):
        total = Counter()
        for suite in suites:
            counts = results.counts(suite)
            total += counts
            _print_counts(f"  {suite}", counts)
        _print_counts(title, total)

    print("\nSkipped on ours, passed on plain Whisper:")
    for suite, test in results.skipped_on_ours_alone():
        print(f"  {suite}::{test}: {results.reasons[suite, test]}")
    print("\nSkipped on a head alone, which has no counterpart, by reason:")
    head = Counter(reason for (suite, _), reason in results.reasons.items() if suite == "TLTRTest")
    for reason, count in head.most_common():
        print(f"  {count} x {reason}")

    failures = results.failed_on_ours_alone()
    print(f"\nFailed on ours, not on plain Whisper: {len(failures)}")
    for suite, test in failures:
        print(f"  {suite}::{test}")
    return not failures


def _print_counts(title: str, counts: Counter) -> None:
    print(f"{title:24}{counts['passed']:8}{counts['skipped']:9}{counts['failed']:8}")


def main() -> int:
    """Returns the exit code."""
    sys.path.insert(0, str(prepare(transformers.__version__)))
    results = Results()
    # The project's own pytest settings are not for these tests.
    options = ["-c", os.devnull, "--rootdir", str(HERE), "-p", "no:cacheprovider", "-W", "ignore", "-q", "--tb=short"]
    code = pytest.main([*options, str(HERE / "suites.py"), *sys.argv[1:]], plugins=[results])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return int(code)
    return 0 if report(results) else 1


if __name__ == "__main__":
    sys.exit(main())
