"""The results as Markdown tables."""

from .peers import BASELINES, PEERS


def speed_table(rows: list[dict]) -> str:
    """Seconds are medians; a ratio below 1 is faster than the column's peer."""
    on_cuda = any("peak_cuda_mb" in row for row in rows)
    columns = ["Whisper", "", "dtype", "seconds", "real-time factor"]
    columns += [f"x {title}" for title in BASELINES.values()] + ["x AST alone", "x without tags"]
    columns += ["peak memory, MB", *(["peak GPU memory, MB"] if on_cuda else []), "WER, %"]
    lines = []
    for row in rows:
        cells = [row["model"], PEERS[row["peer"]].title, row["dtype"]]
        if "error" in row:
            lines.append([*cells, f"failed: {row['error']}", *[""] * (len(columns) - 4)])
            continue
        cells += [f"{row['seconds']:.1f}", f"{row['real_time_factor']:.4f}"]
        cells += [_ratio(row["ratios"].get(name)) for name in (*BASELINES, "ast", "without tags")]
        cells += [_whole(row.get(name)) for name in ("peak_rss_mb", *(["peak_cuda_mb"] if on_cuda else []))]
        lines.append([*cells, _percent(row["word_error_rate"])])
    return _markdown(columns, lines)


def word_error_table(rows: list[dict]) -> str:
    """Over all utterances."""
    lines = [[row["model"], PEERS[row["peer"]].title, row["dtype"], _percent(row["word_error_rate"])] for row in rows]
    return _markdown(["Whisper", "", "dtype", "WER over all utterances, %"], lines)


def growth_table(rows: list[dict]) -> str:
    """Seconds and peak memory by length of the file."""
    lines = [
        [row["model"], PEERS[row["peer"]].title, row["dtype"], f"{minutes:.1f}", f"{seconds:.1f}", _whole(memory)]
        for row in rows
        for minutes, seconds, memory in zip(row["minutes"], row["seconds"], row["peak_rss_mb"], strict=True)
    ]
    return _markdown(["Whisper", "", "dtype", "minutes", "seconds", "peak memory, MB"], lines)


def _markdown(columns: list[str], lines: list[list[str]]) -> str:
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows)


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}"
