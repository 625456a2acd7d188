"""Folders for onnxruntime, in optimum's words: `model.onnx`, and beside it the configurations that explain it."""

import copy
import logging
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import WhisperFeatureExtractor

from ..audio import load_audio
from ..audio.log_mel import log_mel_windows
from ..conversion.default_model import sample_path
from ..conversion.writer import check_output, whole_folder
from ..errors import InputError
from ..model.modeling_tltr import TLTRForAudioClassification
from ..model.tagging import logits_to_scores
from .graphs import HeadGraph, TaggerGraph

FULL, QUANTISED = "model.onnx", "model_quantized.onnx"

# Scores of float32 differ by rounding. More is a fault of the exporter or of onnxruntime.
MOST_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class OnnxFile:
    """A file that was written.

    Attributes:
        name: in its folder.
        num_bytes: its size, weights included.
        difference: the largest one between its scores and torch's, on the check's input.
    """

    name: str
    num_bytes: int
    difference: float


def export_tagger(
    model: Any,
    feature_extractor: WhisperFeatureExtractor,
    output: str | os.PathLike,
    head: str | None = None,
    at_time_res: float | None = None,
    int8: bool = False,
    overwrite: bool = False,
) -> list[OnnxFile]:
    """Write an encoder with one head: `input_features` to `logits` and `pooled_states`, see `TaggerGraph`.

    The folder appears whole or not at all, after its scores on a recording were compared with torch's. Its config.json
    has the labels in the order of the logits (`id2label`), and its preprocessor_config.json the feature extractor.

    Args:
        model: a Whisper-AT of ours in float32 on the CPU, with or without a decoder; in evaluation mode afterwards.
        feature_extractor: the one that it was trained with.
        output: the folder to make.
        head, at_time_res: see `TaggerGraph`.
        int8: write `model_quantized.onnx` as well, with the weights of its linear layers in 8 bits.
        overwrite: replace `output` if it is a model folder.

    Raises:
        InputError: a model of another dtype or device, an unknown head, a bad `at_time_res`, or `output` is in use.
        RuntimeError: onnxruntime does not get torch's scores.
    """
    graph = TaggerGraph(model, head, at_time_res)
    config = copy.deepcopy(model.config)
    name = head or config.default_head
    config.heads, config.default_head = {name: config.heads[name]}, name
    config.refresh_heads()
    config.architectures = ["WhisperATForAudioClassification"]
    windows = log_mel_windows(feature_extractor, load_audio(sample_path()), graph.frames, torch.float32)
    features = torch.cat([window["input_features"] for window in windows])
    return _export(graph, features, [config, feature_extractor], Path(output), int8, overwrite)


def export_head(
    head: TLTRForAudioClassification, output: str | os.PathLike, int8: bool = False, overwrite: bool = False
) -> list[OnnxFile]:
    """Write a head alone: `pooled_states` to `logits`, see `HeadGraph`. As `export_tagger`, but checked on noise."""
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(3, head.config.encoder_layers, 5, head.config.d_model, generator=generator)
    return _export(HeadGraph(head), states, [head.config], Path(output), int8, overwrite)


def _export(
    graph: TaggerGraph | HeadGraph, check: torch.Tensor, beside: list, output: Path, int8: bool, overwrite: bool
) -> list[OnnxFile]:
    """Write `graph` and what explains it; compare both files with torch on the input `check`."""
    check_output(output, overwrite)
    weight = graph.head.classifier.weight
    if weight.dtype != torch.float32 or weight.device.type != "cpu":
        raise InputError(f"ONNX is written of float32 on the CPU, not {weight.dtype} on {weight.device}: load it so.")
    graph.eval()
    with whole_folder(output, overwrite) as draft, _calm():
        for part in beside:
            part.save_pretrained(draft)
        _write_graph(graph, draft / FULL)
        files = [_checked(graph, check, draft / FULL)]
        if math.isnan(files[0].difference):
            raise InputError("The model's scores are not numbers: its weights are damaged; give another --model.")
        if files[0].difference > MOST_DIFFERENCE:
            raise RuntimeError(f"onnxruntime's scores are {files[0].difference:.2g} away from torch's.")
        if int8:
            _quantise(draft / FULL, draft / QUANTISED)
            files.append(_checked(graph, check, draft / QUANTISED))
    return files


def _write_graph(graph: TaggerGraph | HeadGraph, path: Path) -> None:
    """Weights beyond protobuf's 2 GB go to `model.onnx.data` beside it."""
    program = torch.onnx.export(
        graph,
        (graph.example(),),
        dynamo=True,
        dynamic_shapes=graph.dynamic_shapes(),
        input_names=graph.input_names,
        output_names=graph.output_names,
        verbose=False,
    )
    program.save(path)


def _quantise(path: Path, quantised: Path) -> None:
    """Linear layers alone, a scale for each output: convolutions in 8 bits are slower here, and less precise."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        path,
        quantised,
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        weight_type=QuantType.QInt8,
    )


@torch.no_grad()
def _checked(graph: TaggerGraph | HeadGraph, check: torch.Tensor, path: Path) -> OnnxFile:
    from onnxruntime import InferenceSession

    (logits,) = InferenceSession(path).run(["logits"], {graph.input_names[0]: check.numpy()})
    kind = graph.head.config.problem_type
    difference = logits_to_scores(torch.from_numpy(logits), kind) - logits_to_scores(graph(check)[0], kind)
    size = sum(part.stat().st_size for part in (path, path.with_name(f"{path.name}.data")) if part.is_file())
    return OnnxFile(path.name, size, float(difference.abs().max()))


@contextmanager
def _calm() -> Iterator[None]:
    """Without the exporter's warnings on packages that are not needed, and on its own insides."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
