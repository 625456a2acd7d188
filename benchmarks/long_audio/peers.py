"""Who is compared: what each peer does, where it runs and what it needs."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Peer:
    """One way to transcribe or tag a file.

    Args:
        title: its row in the tables.
        runner: name of a function in `runners.py`.
        options: given to that function.
        python: whose interpreter runs it: "ours", "original" or "faster-whisper".
        dtypes: None for those asked for on the command line, else what the peer itself works in.
        text: it writes text, so it has a word error rate.
        same_text_as: it writes the very text of this peer, whose word error rate is enough.
        without_tags: the peer that does the same work except tagging.
    """

    title: str
    runner: str
    options: dict = field(default_factory=dict)
    python: str = "ours"
    dtypes: tuple[str, ...] | None = ("float32",)
    text: bool = True
    same_text_as: str | None = None
    without_tags: str | None = None


def _ours(title: str, options: dict, **kwargs) -> Peer:
    return Peer(title, "ours", options, dtypes=None, **kwargs)


def _sequential(**options) -> dict:
    # As for the others: left alone, transformers' pipeline searches with five beams.
    return {"mode": "sequential", "return_timestamps": True, "generate_kwargs": {"num_beams": 1}, **options}


def _batched(**options) -> dict:
    # Greedy with temperature fallback by itself.
    return {"mode": "batched", "return_timestamps": True, **options}


PEERS: dict[str, Peer] = {
    "stock-asr": Peer("transformers ASR pipeline, text", "stock_asr"),
    "stock-asr+ast": Peer("transformers ASR, then AST on 10 s windows", "stock_asr_ast", same_text_as="stock-asr"),
    "original": Peer("original whisper-at 0.5, text and tags", "original", python="original", dtypes=("default",)),
    "faster-whisper": Peer("faster-whisper, text", "faster_whisper", {"batched": False}, "faster-whisper"),
    "faster-whisper-batched": Peer(
        "faster-whisper batched, text", "faster_whisper", {"batched": True}, "faster-whisper"
    ),
    "sequential": _ours("ours sequential, text and tags", _sequential(), without_tags="sequential-text"),
    "sequential-text": _ours("ours sequential, text", _sequential(return_tags=False), same_text_as="sequential"),
    "batched": _ours("ours batched, text and tags", _batched(), without_tags="batched-text"),
    "batched-text": _ours("ours batched, text", _batched(return_tags=False), same_text_as="batched"),
    "stream": _ours("ours streamed, text and tags", {"stream": True}),
    "tags-only": _ours("ours, tags only", {"return_text": False}, text=False),
}

# Peers that others are divided by, and how the tables call them; AST alone is a part of the last.
BASELINES = {"original": "original", "stock-asr": "transformers ASR", "stock-asr+ast": "transformers ASR + AST"}
GROWTH = ("stock-asr", "original", "faster-whisper-batched", "batched", "stream", "tags-only")
