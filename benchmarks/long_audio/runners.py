"""How each peer is loaded and run on one file. Every function imports what its own interpreter has, and no more.

Each takes the job (see `worker.py`) and gives a function of a path that returns `(text, {part: seconds})`; the parts
are those that the table shows on their own.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RATE = 16_000
# AST was trained on AudioSet: 10 s clips, 527 sounds (https://arxiv.org/abs/2104.01778).
AST_SECONDS, AST_LABELS = 10, 527

Runner = Callable[[str], tuple[str, dict[str, float]]]


def stock_asr(job: dict) -> Runner:
    """transformers' own pipeline, Whisper's sequential long-form decoding with timestamps."""
    from transformers import pipeline

    pipe = pipeline(
        "automatic-speech-recognition", model=job["models"]["transformers"], dtype=job["dtype"], device=job["device"]
    )

    def run(path: str) -> tuple[str, dict[str, float]]:
        audio = {"raw": _read(path), "sampling_rate": RATE}
        # Greedy like the others: left alone, this pipeline searches with five beams.
        return pipe(audio, return_timestamps=True, generate_kwargs={"num_beams": 1})["text"], {}

    return run


def stock_asr_ast(job: dict) -> Runner:
    """The pipeline above and then AST, with random weights: they take the same time as trained ones."""
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification, pipeline

    transcribe = stock_asr(job)
    classify = pipeline(
        "audio-classification",
        model=ASTForAudioClassification(ASTConfig(num_labels=AST_LABELS)).eval(),
        feature_extractor=ASTFeatureExtractor(),
        device=job["device"],
    )

    def run(path: str) -> tuple[str, dict[str, float]]:
        text, _ = transcribe(path)
        start = time.perf_counter()
        audio, size = _read(path), AST_SECONDS * RATE
        for begin in range(0, len(audio), size):
            classify({"raw": audio[begin : begin + size], "sampling_rate": RATE})
        return text, {"ast": time.perf_counter() - start}

    return run


def original(job: dict) -> Runner:
    """The original package at its defaults: fallback on, tags every 10 s. Its head is random."""
    import torch

    sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))
    from make_original_logits import load_original

    model = load_original(Path(job["models"]["transformers"]), "tltr").to(job["device"])

    def run(path: str) -> tuple[str, dict[str, float]]:
        # Fallback draws at random.
        torch.manual_seed(0)
        # An array, since its own reader starts the program ffmpeg.
        return model.transcribe(_read(path), at_time_res=10)["text"], {}

    return run


def faster_whisper(job: dict) -> Runner:
    """CTranslate2's Whisper, greedy; batched as the package does it, cut by its voice-activity detector."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(
        job["models"]["ctranslate2"],
        device=job["device"].partition(":")[0],
        compute_type=job["dtype"],
        cpu_threads=job["threads"],
        local_files_only=True,
    )
    options: dict[str, Any] = {"beam_size": 1}
    if job["options"]["batched"]:
        model = BatchedInferencePipeline(model)
        options.update(batch_size=job["batch_size"])

    def run(path: str) -> tuple[str, dict[str, float]]:
        segments, _ = model.transcribe(path, **options)
        return " ".join(segment.text for segment in segments), {}

    return run


def ours(job: dict) -> Runner:
    """The pipeline "whisper-at"."""
    from transformers import pipeline

    import whisper_at_hf  # noqa: F401  (registers the task)

    pipe = pipeline("whisper-at", model=job["models"]["ours"], dtype=job["dtype"], device=job["device"])
    options = dict(job["options"])
    if options.pop("stream", False):
        return lambda path: ("".join(window.get("text", "") for window in pipe.stream(path, **options)), {})
    if options.get("mode") == "batched":
        options["batch_size"] = job["batch_size"]
    return lambda path: (pipe(path, **options).get("text", ""), {})


def _read(path: str):
    """Float32 samples of a mono file at 16 kHz."""
    import soundfile

    return soundfile.read(path, dtype="float32")[0]
