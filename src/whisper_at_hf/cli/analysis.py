"""The commands of `whisper-at analyze`; what needs the analysis extra is imported inside them, see `extras`."""

from pathlib import Path
from typing import Annotated

import typer

from ..analysis.cost.latency import latency as measure_latency
from ..analysis.cost.report import comparison_rows, cost_rows, latency_rows, make_output, write_cost
from ..analysis.cost.run import cost as count_cost
from ..analysis.table.report import table_rows, write_table
from ..analysis.table.rows import benchmark_table
from ..errors import InputError
from ..files import write_json
from .extras import need_extra
from .options import MAX_BATCH_SIZE, path_option
from .support import announcer, calm_transformers, print_written
from .tables import print_number_table

analysis_app = typer.Typer(
    name="analyze",
    help="Repeat the paper's findings: what each layer knows of sounds, and what noise does to words.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Speech = Annotated[str, typer.Option(help="CSV with path and transcript, its folder, or LibriSpeech's folder.")]
Clips = Annotated[str, typer.Option(help="Clips with one label each: CSV, folder per class, ESC-50, or dataset.")]
SoundSplit = Annotated[str | None, typer.Option(help="Split of a hub dataset of sounds; 'esc10' of ESC-50.")]
Seed = Annotated[int, typer.Option(help="Draws utterances and sounds.")]
Fallback = Annotated[
    bool, typer.Option("--fallback", help="Let Whisper try again at higher temperatures; slow under noise.")
]
FeatureCache = Annotated[
    Path | None, typer.Option(help="Folder for encoded features; in the user's cache if left out.")
]
Output = Annotated[Path, path_option("Folder for the JSON, the table and the figures.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars and no warnings.")]
TextBatch = Annotated[
    int, typer.Option(min=1, max=MAX_BATCH_SIZE, help="Clips transcribed at a time, by Whisper; others take one.")
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; the best one if left out.")]


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze layers --data ESC-50 --model openai/whisper-base --output layers\n\n"
    "whisper-at analyze layers --data clips.csv --model openai/whisper-large-v2 "
    "--model facebook/hubert-xlarge-ls960-ft --model facebook/wav2vec2-base-960h "
    "--model microsoft/wavlm-large --model MIT/ast-finetuned-audioset-10-10-0.4593 --output layers\n\n"
    "whisper-at analyze layers --data ESC-50 --split esc10 --window 5.2 --model my-whisper --output esc10-layers"
)
def layers(
    data: Clips,
    model: Annotated[
        list[str],
        typer.Option(help="Folder or hub id of a Whisper, HuBERT, wav2vec2, WavLM, AST, ...; repeatable."),
    ],
    output: Output,
    window: Annotated[float, typer.Option(help="Seconds read of each clip, for Whisper a multiple of 0.4.")] = 10.0,
    cache: FeatureCache = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Folds to draw, or to join the data's into; by default those, or 5.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Split of a hub dataset; 'esc10' of ESC-50.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=MAX_BATCH_SIZE, help="Clips encoded at a time.")] = 8,
    device: Device = None,
    quiet: Quiet = False,
) -> None:
    """Probe every layer of speech encoders for sounds: accuracy by layer, and each class's best layer."""
    calm_transformers(quiet)
    need_extra("analysis")
    from ..analysis.layers.run import analyze_layers
    from ..analysis.layers.tables import accuracy_rows, class_rows

    results = analyze_layers(
        data,
        model,
        output,
        window_length_s=window,
        cache_dir=cache,
        num_folds=folds,
        split=split,
        batch_size=batch_size,
        device=device,
        announce=announcer(quiet),
    )
    print_number_table(accuracy_rows(results))
    print_number_table(class_rows(results))
    print_written(output)


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze robustness --speech LibriSpeech/test-clean --sounds ESC-50 --model openai/whisper-base "
    "--model facebook/hubert-large-ls960-ft --output robustness\n\n"
    "whisper-at analyze robustness --speech speech.csv --sounds sounds --model my-whisper --snr 10 --snr -10 "
    "--utterances 20 --output robustness\n\n"
    "Stopped at any moment, the same command goes on where it was."
)
def robustness(
    speech: Speech,
    sounds: Clips,
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
    split: SoundSplit = None,
    batch_size: TextBatch = 16,
    dtype: Annotated[str, typer.Option(help="float32, bfloat16, float16 or auto.")] = "float32",
    device: Device = None,
    seed: Seed = 0,
    fallback: Fallback = False,
    quiet: Quiet = False,
) -> None:
    """Mix speech with sounds and transcribe it: word error rate by signal-to-noise ratio."""
    calm_transformers(quiet)
    need_extra("analysis")
    from ..analysis.robustness.report import robustness_rows
    from ..analysis.robustness.run import SNRS, analyze_robustness

    results = analyze_robustness(
        speech,
        sounds,
        model,
        output,
        snrs=snr or SNRS,
        utterances=utterances,
        sounds_per_class=sounds_per_class,
        cache=cache,
        batch_size=batch_size,
        dtype=dtype,
        device=device,
        seed=seed,
        fallback=fallback,
        split=split,
        announce=announcer(quiet),
    )
    print_number_table(robustness_rows(results, with_bands=False))
    print_written(output)


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
        Path | None,
        path_option("Folder for cost.json, cost.md and the figure; none if left out."),
    ] = None,
    figure: Annotated[bool, typer.Option(help="Draw the figure, too.")] = True,
    quiet: Quiet = False,
) -> None:
    """Count parameters and multiply-accumulates of heads, encoders and AST, beside what was published."""
    calm_transformers(quiet)
    if output is not None:
        make_output(output, figure)
    result = count_cost(size)
    if latency or latency_size:
        result["latency"] = measure_latency(latency_size or size, repeats, announcer(quiet))
    print_number_table(cost_rows(result), "What tagging costs")
    print_number_table(comparison_rows(result), "AST against the poster's head")
    if "latency" in result:
        print_number_table(latency_rows(result["latency"]), "Time of one window on this processor")
    if output is not None:
        write_cost(result, output, figure)
        print_written(output)


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
    cache: FeatureCache = None,
    split: SoundSplit = None,
    device: Device = None,
    quiet: Quiet = False,
) -> None:
    """Set how well each class of sounds is known against the word errors that it causes."""
    calm_transformers(quiet)
    need_extra("analysis")
    from ..analysis.classes.report import class_rows
    from ..analysis.classes.run import analyze_classes
    from ..analysis.layers.run import analyze_layers

    if layers is None and not (sounds and model):
        raise InputError("There are no probes; pass --layers, or --sounds and --model.")
    if layers is not None and (sounds or model):
        raise InputError("--layers has the probes already; pass it without --sounds and --model.")
    probed = layers or output / "layers"
    if layers is None:
        analyze_layers(
            sounds,
            model,
            probed,
            window_length_s=window,
            cache_dir=cache,
            split=split,
            device=device,
            announce=announcer(quiet),
        )
    print_number_table(class_rows(analyze_classes(robustness, probed, output, snr, layer)))
    print_written(output)


@analysis_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at analyze reproduce --speech LibriSpeech/test-clean --sounds ESC-50 --model openai/whisper-large-v2 "
    "--model openai/whisper-base --estimate --output paper\n\n"
    "whisper-at analyze reproduce --speech speech.csv --sounds sounds --model openai/whisper-base --small "
    "--output small\n\n"
    "Stopped at any moment, the same command goes on where it was."
)
def reproduce(
    speech: Speech,
    sounds: Clips,
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
    split: SoundSplit = None,
    batch_size: TextBatch = 16,
    dtype: Annotated[str, typer.Option(help="Of the transcription: float32, bfloat16, float16 or auto.")] = "float32",
    device: Device = None,
    seed: Seed = 0,
    fallback: Fallback = False,
    quiet: Quiet = False,
) -> None:
    """Run layers, robustness and classes as in the paper, or smaller, after an estimate of the time."""
    calm_transformers(quiet)
    need_extra("analysis")
    from ..analysis.reproduce import PAPER, SMALL, describe
    from ..analysis.reproduce import reproduce as run_all

    grid = SMALL if small else PAPER
    chosen = {"snrs": snr, "utterances": utterances, "sounds_per_class": sounds_per_class}
    grid = grid._replace(**{name: value for name, value in chosen.items() if value})
    estimates = run_all(
        speech,
        sounds,
        model,
        output,
        grid=grid,
        window_length_s=window,
        split=split,
        cache=cache,
        batch_size=batch_size,
        dtype=dtype,
        device=device,
        seed=seed,
        fallback=fallback,
        estimate_only=estimate,
        announce=announcer(quiet),
    )
    if not estimate:
        print_written(output)
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
    batch_size: Annotated[int, typer.Option(min=1, max=MAX_BATCH_SIZE, help="Clips scored at a time.")] = 8,
    device: Device = None,
    output: Annotated[Path | None, path_option("JSON file for the scores, too.")] = None,
    quiet: Quiet = False,
) -> None:
    """Score an Audio Spectrogram Transformer on labelled data, as evaluate does a head."""
    calm_transformers(quiet)
    need_extra("analysis")
    from ..analysis.table.peer import ASTPeer, evaluate_ast
    from ..training.arguments import DataArguments
    from .scores import print_label_table, print_scores

    arguments = DataArguments(test=data, test_fold=fold, test_split=split, clips=clips)
    results = evaluate_ast(ASTPeer(model, device), arguments, batch_size, announcer(quiet))
    print_scores(results, scored="score")
    print_label_table(results["label_table"])
    if output is not None:
        write_json(output, results)
        print_written(output)


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
    output: Annotated[Path | None, path_option("Folder for table.json and table.md.")] = None,
    quiet: Quiet = False,
) -> None:
    """Lay scores beside the published ones: AudioSet and ESC-50, blank where there are none."""
    calm_transformers(quiet)
    rows = benchmark_table(scores, model)
    if output is not None:
        write_table(rows, output)
    print_number_table(table_rows(rows))
    if output is not None:
        print_written(output)
