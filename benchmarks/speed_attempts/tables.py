"""What was measured, as a table."""

from statistics import median

from speed_attempts.attempts import ATTEMPTS


def table(runs: list[dict]) -> str:
    """A Markdown table: a ratio below 1 is faster."""
    lines = [
        "| Whisper | dtype | attempt | seconds without | with | ratio | once, s | words |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in ATTEMPTS:
        lines += [_line(run) for run in runs if run["attempt"] == name]
    return "\n".join(lines)


def _line(run: dict) -> str:
    attempt = ATTEMPTS[run["attempt"]]
    cells = [run["model"], run["dtype"], attempt.title + (" (kept)" if attempt.kept else "")]
    if "error" in run:
        return "| " + " | ".join([*cells, "", "", "", "", f"failed: {run['error'].replace('|', '/')}"]) + " |"
    sides = ["reference", "attempt"]
    ratio, wrong = run["ratio"], [run["wrong_words"][side] for side in sides]
    # A kept attempt is measured by switching it off.
    if attempt.kept:
        sides, ratio, wrong = sides[::-1], 1 / ratio, wrong[::-1]
    seconds = [f"{median(run['seconds'][side]):.2f}" for side in sides]
    once = (
        ""
        if attempt.kept
        else f"{run['prepare_seconds'] + run['first_seconds'] - median(run['seconds']['attempt']):.1f}"
    )
    words = "same" if run["same_text"] else "WER {:.1%} -> {:.1%}".format(*(count / run["words"] for count in wrong))
    return "| " + " | ".join([*cells, *seconds, f"{ratio:.2f}", once, words]) + " |"
