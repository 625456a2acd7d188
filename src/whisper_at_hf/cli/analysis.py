"""The commands of `whisper-at analyze`."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from .support import calm_transformers, console, or_exit

analysis_app = typer.Typer(
    name="analyze",
    help="Repeat the paper's findings: what each layer knows of sounds, and what noise does to words.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Output = Annotated[Path, typer.Option(help="Folder for the JSON, the table and the figures.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars and no warnings.")]
TextBatch = Annotated[int, typer.Option(min=1, help="Clips transcribed at a time, by Whisper; others take one.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; the best one if left out.")]

# Modules that the commands import, and the packages that hold them.
NEEDED = {"datasets": "datasets", "sklearn": "scikit-learn", "matplotlib": "matplotlib", "jiwer": "jiwer"}


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze layers --data ESC-50 --model openai/whisper-base --output layers\n\n"
    "whisper-at analyze layers --data clips.csv --model openai/whisper-large-v2 "
    "--model facebook/hubert-xlarge-ls960-ft --model facebook/wav2vec2-base-960h "
    "--model microsoft/wavlm-large --model MIT/ast-finetuned-audioset-10-10-0.4593 --output layers\n\n"
    "whisper-at analyze layers --data ESC-50 --split esc10 --window 5.2 --model my-whisper --output esc10-layers"
)
def layers(
    data: Annotated[str, typer.Option(help="Clips with one label each: CSV, folder per class, ESC-50, or dataset.")],
    model: Annotated[
        list[str],
        typer.Option(help="Folder or hub id of a Whisper, HuBERT, wav2vec2, WavLM, AST, ...; repeatable."),
    ],
    output: Output,
    window: Annotated[float, typer.Option(help="Seconds read of each clip, for Whisper a multiple of 0.4.")] = 10.0,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for encoded features; in the user's cache if left out.")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Folds to draw, or to join the data's into; by default those, or 5.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split of a hub dataset; 'esc10' of ESC-50.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Clips encoded at a time.")] = 8,
    device: Device = None,
    quiet: Quiet = False,
) -> None:
    """Probe every layer of speech encoders for sounds: accuracy by layer, and each class's best layer."""
    calm_transformers(quiet)
    or_exit(_need_analysis)
    from rich.console import Console

    from ..analysis.layers.run import analyze_layers
    from ..analysis.layers.tables import accuracy_rows, class_rows
    from ..analysis.tables import print_text_table

    announce = None if quiet else lambda line: print(line, file=sys.stderr)
    results = or_exit(
        lambda: analyze_layers(data, model, output, window, cache, folds, split, batch_size, device, announce=announce)
    )
    printer = Console()
    print_text_table(printer, accuracy_rows(results))
    print_text_table(printer, class_rows(results))
    console.print(f"Wrote {output}", markup=False)


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze robustness --speech LibriSpeech/test-clean --sounds ESC-50 --model openai/whisper-base "
    "--model facebook/hubert-large-ls960-ft --output robustness\n\n"
    "whisper-at analyze robustness --speech speech.csv --sounds sounds --model my-whisper --snr 10 --snr -10 "
    "--utterances 20 --output robustness\n\n"
    "Stopped at any moment, the same command goes on where it was."
)
def robustness(
    speech: Annotated[str, typer.Option(help="CSV with path and transcript, its folder, or LibriSpeech's folder.")],
    sounds: Annotated[str, typer.Option(help="Clips with one label each: CSV, folder per class, ESC-50, or dataset.")],
    model: Annotated[
        list[str], typer.Option(help="Folder or hub id of a Whisper, Whisper-AT or CTC model; repeatable.")
    ],
    output: Output,
    snr: Annotated[
        list[float] | None,
        typer.Option(help="Speech over noise, dB; repeatable. 20, 10, 0, -5, -10 and -20 if left out."),
    ] = None,
    utterances: Annotated[int, typer.Option(min=1, help="Utterances to draw.")] = 40,
    sounds_per_class: Annotated[int, typer.Option(min=1, help="Sounds of each class for every utterance.")] = 1,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for finished texts; in the user's cache if left out.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split of a hub dataset of sounds; 'esc10' of ESC-50.")] = None,
    batch_size: TextBatch = 16,
    dtype: Annotated[str, typer.Option(help="float32, bfloat16, float16 or auto.")] = "float32",
    device: Device = None,
    seed: Annotated[int, typer.Option(help="Draws utterances and sounds.")] = 0,
    fallback: Annotated[
        bool, typer.Option("--fallback", help="Let Whisper try again at higher temperatures; slow under noise.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Mix speech with sounds and transcribe it: word error rate by signal-to-noise ratio."""
    calm_transformers(quiet)
    or_exit(_need_analysis)
    from rich.console import Console

    from ..analysis.robustness.report import robustness_rows
    from ..analysis.robustness.run import SNRS, analyze_robustness
    from ..analysis.tables import print_text_table

    announce = None if quiet else lambda line: print(line, file=sys.stderr)
    results = or_exit(
        lambda: analyze_robustness(
            speech,
            sounds,
            model,
            output,
            snr or SNRS,
            utterances,
            sounds_per_class,
            cache,
            batch_size,
            dtype,
            device,
            seed,
            fallback,
            split,
            announce,
        )
    )
    print_text_table(Console(), robustness_rows(results, with_bands=False))
    console.print(f"Wrote {output}", markup=False)


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze cost\n\n"
    "whisper-at analyze cost --size tiny --size base --latency --output cost\n\n"
    "Needs nothing but torch and transformers, and matplotlib for the figure."
)
def cost(
    size: Annotated[
        list[str] | None, typer.Option(help="Whisper to count, such as tiny or large-v3-turbo; repeatable; else all.")
    ] = None,
    latency: Annotated[
        bool, typer.Option("--latency", help="Measure times on this processor, too; minutes for the large sizes.")
    ] = False,
    latency_size: Annotated[
        list[str] | None, typer.Option(help="Measure the times of this size only; repeatable.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Timed passes, of which the median is given.")] = 5,
    output: Annotated[
        Path | None, typer.Option(help="Folder for cost.json, cost.md and the figure; none if left out.")
    ] = None,
    figure: Annotated[bool, typer.Option(help="Draw the figure, too.")] = True,
    quiet: Quiet = False,
) -> None:
    """Count parameters and multiply-accumulates of heads, encoders and AST, beside what was published."""
    calm_transformers(quiet)
    from ..analysis.cost.command import run_cost

    announce = None if quiet else lambda line: print(line, file=sys.stderr)
    timed = (latency_size or size) if latency or latency_size else None
    made = or_exit(lambda: run_cost(size, bool(latency or latency_size), timed, repeats, output, figure, announce))
    if made is not None:
        console.print(f"Wrote {made}", markup=False)


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze classes --robustness robustness --sounds ESC-50 --model openai/whisper-base "
    "--output classes\n\n"
    "whisper-at analyze classes --robustness robustness --layers layers --snr -10 --output classes"
)
def classes(
    robustness: Annotated[Path, typer.Option(help="Folder that whisper-at analyze robustness wrote.")],
    output: Output,
    layers: Annotated[
        Path | None, typer.Option(help="Folder that whisper-at analyze layers wrote, instead of the next two.")
    ] = None,
    sounds: Annotated[
        str | None, typer.Option(help="The sounds that were mixed in: CSV, folder per class, ESC-50, or dataset.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Models of the robustness analysis, to probe; repeatable.")
    ] = None,
    snr: Annotated[
        list[float] | None, typer.Option(help="Mean over these ratios, dB; repeatable. All if left out.")
    ] = None,
    layer: Annotated[int | None, typer.Option(min=1, help="Layer of the probe; the last one if left out.")] = None,
    window: Annotated[float, typer.Option(help="Seconds of each sound to probe, a multiple of 0.4.")] = 10.0,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for encoded features; in the user's cache if left out.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split of a hub dataset of sounds; 'esc10' of ESC-50.")] = None,
    device: Device = None,
    quiet: Quiet = False,
) -> None:
    """Set how well each class of sounds is known against the word errors that it causes."""
    calm_transformers(quiet)
    or_exit(_need_analysis)
    from rich.console import Console

    from ..analysis.classes.report import class_rows
    from ..analysis.classes.run import analyze_classes
    from ..analysis.tables import print_text_table

    announce = None if quiet else lambda line: print(line, file=sys.stderr)

    def run() -> dict:
        if layers is None and not (sounds and model):
            raise InputError("There are no probes; pass --layers, or --sounds and --model.")
        if layers is not None and (sounds or model):
            raise InputError("--layers has the probes already; pass it without --sounds and --model.")
        probed = layers or output / "layers"
        if layers is None:
            from ..analysis.layers.run import analyze_layers

            analyze_layers(sounds, model, probed, window, cache, split=split, device=device, announce=announce)
        return analyze_classes(robustness, probed, output, snr, layer)

    print_text_table(Console(), class_rows(or_exit(run)))
    console.print(f"Wrote {output}", markup=False)


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze reproduce --speech LibriSpeech/test-clean --sounds ESC-50 --model openai/whisper-large-v2 "
    "--model openai/whisper-base --estimate --output paper\n\n"
    "whisper-at analyze reproduce --speech speech.csv --sounds sounds --model openai/whisper-base --small "
    "--output small\n\n"
    "Stopped at any moment, the same command goes on where it was."
)
def reproduce(
    speech: Annotated[str, typer.Option(help="CSV with path and transcript, its folder, or LibriSpeech's folder.")],
    sounds: Annotated[str, typer.Option(help="Clips with one label each: CSV, folder per class, ESC-50, or dataset.")],
    model: Annotated[list[str], typer.Option(help="Folder or hub id of a Whisper or CTC model; repeatable.")],
    output: Output,
    small: Annotated[
        bool, typer.Option("--small", help="One sound of each class for an utterance and six ratios: 1/60 of it.")
    ] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say how long it will take, and stop.")] = False,
    snr: Annotated[list[float] | None, typer.Option(help="Other ratios, dB; repeatable.")] = None,
    utterances: Annotated[int | None, typer.Option(min=1, help="Another number of utterances than 40.")] = None,
    sounds_per_class: Annotated[
        int | None,
        typer.Option(min=1, help="Sounds of each class for an utterance, if not 40; the original's script has 1."),
    ] = None,
    window: Annotated[float, typer.Option(help="Seconds of each sound to probe, a multiple of 0.4.")] = 10.0,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for features and texts; in the user's cache if left out.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split of a hub dataset of sounds; 'esc10' of ESC-50.")] = None,
    batch_size: TextBatch = 16,
    dtype: Annotated[str, typer.Option(help="Of the transcription: float32, bfloat16, float16 or auto.")] = "float32",
    device: Device = None,
    seed: Annotated[int, typer.Option(help="Draws utterances and sounds.")] = 0,
    fallback: Annotated[
        bool, typer.Option("--fallback", help="Let Whisper try again at higher temperatures; slow under noise.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Run layers, robustness and classes as in the paper, or smaller, after an estimate of the time."""
    calm_transformers(quiet)
    or_exit(_need_analysis)
    from ..analysis.reproduce import PAPER, SMALL, describe
    from ..analysis.reproduce import reproduce as run_all

    grid = SMALL if small else PAPER
    chosen = {"snrs": snr, "utterances": utterances, "sounds_per_class": sounds_per_class}
    grid = grid._replace(**{name: value for name, value in chosen.items() if value})
    options = (window, split, cache, batch_size, dtype, device, seed, fallback, estimate)
    announce = None if quiet else lambda line: print(line, file=sys.stderr)
    estimates = or_exit(lambda: run_all(speech, sounds, model, output, grid, *options, announce=announce))
    if not estimate:
        console.print(f"Wrote {output}", markup=False)
    elif quiet:
        typer.echo("\n".join(map(describe, estimates)))


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze peer MIT/ast-finetuned-audioset-10-10-0.4593 --data eval_segments.csv --clips clips "
    "--output ast.json\n\n"
    "whisper-at analyze peer my-ast --data ESC-50 --fold 5 --output ast.json"
)
def peer(
    model: Annotated[str, typer.Argument(help="Folder or hub id of an Audio Spectrogram Transformer.")],
    data: Annotated[list[str], typer.Option(help="Labelled data, see extract --data; repeatable.")],
    fold: Annotated[str | None, typer.Option(help="Score on this fold of the data only.")] = None,
    split: Annotated[str | None, typer.Option(help="Split of a hub dataset; 'esc10' of ESC-50.")] = None,
    clips: Annotated[str | None, typer.Option(help="Folder of the clips of AudioSet segment CSVs.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Clips scored at a time.")] = 8,
    device: Device = None,
    output: Annotated[Path | None, typer.Option(help="JSON file for the scores, too.")] = None,
    quiet: Quiet = False,
) -> None:
    """Score an Audio Spectrogram Transformer on labelled data, as evaluate does a head."""
    calm_transformers(quiet)
    or_exit(_need_analysis)
    from rich.console import Console

    from ..analysis.table.peer import ASTPeer, evaluate_ast
    from ..files import write_json
    from ..training.arguments import DataArguments
    from .scores import print_label_table, print_scores

    arguments = DataArguments(test=data, test_fold=fold, test_split=split, clips=clips)
    announce = None if quiet else lambda line: print(line, file=sys.stderr)
    results = or_exit(lambda: evaluate_ast(ASTPeer(model, device), arguments, batch_size, announce))
    print_scores(Console(), results, scored="score")
    print_label_table(Console(), results["label_table"])
    if output is not None:
        or_exit(lambda: write_json(output, results))
        console.print(f"Wrote {output}", markup=False)


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze table\n\n"
    'whisper-at analyze table --scores "TLTR on base:esc-10=head/results.json" --model "TLTR on base=head" '
    "--scores ast:esc-50=ast.json --output table"
)
def table(
    scores: Annotated[
        list[str] | None,
        typer.Option(help="NAME:BENCHMARK=FILE, a JSON of evaluate, peer or train; as-20k, as-2m, esc-50 or esc-10."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="NAME=MODEL, whose size and cost are counted; repeatable.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for table.json and table.md.")] = None,
    quiet: Quiet = False,
) -> None:
    """Lay scores beside the published ones: AudioSet and ESC-50, blank where there are none."""
    calm_transformers(quiet)
    from ..analysis.table.report import run_table

    made = or_exit(lambda: run_table(scores, model, output))
    if made is not None:
        console.print(f"Wrote {made}", markup=False)


def _need_analysis() -> None:
    """Raise InputError unless the packages that the analysis needs are installed."""
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise InputError(f'This needs {", ".join(missing)}; run pip install "whisper-at-hf[analysis]".')
