"""How long tags take by torch and by onnxruntime, and what 8 bits do to scores.

    python benchmarks/onnx_speed.py --data DATA [--model MODEL] [--repeats 30]

Times are medians of single windows, one thread, the ways taking turns. Scores are compared on the clips of DATA/esc10.
Without --output, results go to `benchmarks/onnx_speed/results.json`.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from onnxruntime import InferenceSession, SessionOptions

from whisper_at_hf.analysis.cost.machine import describe_machine
from whisper_at_hf.audio import load_audio
from whisper_at_hf.audio.log_mel import log_mel
from whisper_at_hf.conversion.default_model import default_model_path
from whisper_at_hf.export import HeadGraph, TaggerGraph, export_head, export_tagger
from whisper_at_hf.files import write_json
from whisper_at_hf.model.onednn import LinearByOneDNN
from whisper_at_hf.pipeline.loading import load_pipeline

FILES = {"float32": "model.onnx", "8 bits": "model_quantized.onnx"}


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(1)
    pipe = load_pipeline(args.model or str(default_model_path()), "cpu", "float32", with_decoder=False)
    graph, head = TaggerGraph(pipe.model).eval(), HeadGraph(pipe.model.get_head()).eval()
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        tagger_folder, head_folder = Path(folder) / "tagger", Path(folder) / "head"
        written = export_tagger(pipe.model, pipe.feature_extractor, tagger_folder, int8=True)
        export_head(pipe.model.get_head(), head_folder, int8=True)
        clips = sorted((args.data / "esc10").rglob("*.ogg"))[:: args.every]
        samples = graph.frames * pipe.feature_extractor.hop_length
        features = torch.cat([log_mel(pipe.feature_extractor, load_audio(clip), samples)[0] for clip in clips])
        states = graph(features[:1])[1]
        times = {
            "encoder and head": timed(ways(graph, features[:1], tagger_folder), args.repeats),
            "head alone": timed(ways(head, states, head_folder), args.repeats),
        }
        result = {
            "machine": describe_machine("cpu", 1),
            "seconds of sound": graph.frames / 100,
            "repeats": args.repeats,
            "milliseconds": times,
            "megabytes": {name: file.num_bytes / 1e6 for name, file in zip(FILES, written, strict=True)},
            "scores": {"clips": len(clips), **compared(graph, features, tagger_folder)},
        }
    write_json(args.output, result)
    print(table(result))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder with esc10/")
    add("--model", help="folder of a Whisper-AT; the embedded one if left out")
    add("--repeats", type=int, default=30)
    add("--every", type=int, default=1, help="compare scores on every n-th clip")
    add("--output", type=Path, default=Path(__file__).with_suffix("") / "results.json", help="the JSON file")
    return parser.parse_args()


def ways(graph: torch.nn.Module, inputs: torch.Tensor, folder: Path) -> dict[str, Callable[[], object]]:
    """What is timed, all on the same input."""
    compiled = torch.compile(graph, dynamic=False)

    def by_onednn():
        with LinearByOneDNN():
            return graph(inputs)

    found = {
        "torch": lambda: graph(inputs),
        "torch, linear layers by oneDNN, as in the pipeline": by_onednn,
        "torch.compile": lambda: compiled(inputs),
    }
    for name, file in FILES.items():
        session = opened(folder / file)
        values = {session.get_inputs()[0].name: inputs.numpy()}
        found[f"onnxruntime, {name}"] = lambda session=session, values=values: session.run(["logits"], values)
    return found


def opened(path: Path) -> InferenceSession:
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return InferenceSession(path, options)


def timed(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median milliseconds of each, after three rounds that are not timed: one compiles, and caches fill."""
    taken = {name: [] for name in runs}
    for turn in range(repeats + 3):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if turn >= 3:
                taken[name].append(1000 * (time.perf_counter() - started))
    return {name: median(values) for name, values in taken.items()}


def compared(graph: TaggerGraph, features: torch.Tensor, folder: Path) -> dict[str, dict[str, float]]:
    """Each file's scores against torch's: differences, and how often the best label is the same."""
    expected = torch.cat([graph(rows)[0] for rows in features.split(16)]).sigmoid().numpy()
    found = {}
    for name, file in FILES.items():
        session = opened(folder / file)
        parts = [session.run(["logits"], {"input_features": rows.numpy()})[0] for rows in features.split(16)]
        scores = torch.from_numpy(np.concatenate(parts)).sigmoid().numpy()
        difference = np.abs(scores - expected)
        found[name] = {
            "largest difference": float(difference.max()),
            "mean difference": float(difference.mean()),
            "same best label": float((scores.argmax(-1) == expected.argmax(-1)).mean()),
        }
    return found


def table(result: dict) -> str:
    columns = list(result["milliseconds"])
    lines = [f"| ms | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for way in result["milliseconds"][columns[0]]:
        lines.append(f"| {way} | " + " | ".join(f"{result['milliseconds'][c][way]:.2f}" for c in columns) + " |")
    lines += ["", "| file | MB | largest difference | mean | same best label |", "|---|---|---|---|---|"]
    for name in FILES:
        row = result["scores"][name]
        lines.append(
            f"| {name} | {result['megabytes'][name]:.1f} | {row['largest difference']:.2g} | "
            f"{row['mean difference']:.2g} | {row['same best label']:.1%} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
