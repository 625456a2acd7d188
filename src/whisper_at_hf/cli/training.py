"""The commands `extract`, `train` and `evaluate`; what needs the train extra is imported inside them, see `extras`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..files import write_json
from .extras import need_extra
from .options import MAX_BATCH_SIZE, path_option
from .support import announcer, calm_transformers, print_written

training_app = typer.Typer()

Whisper = Annotated[
    str | None,
    typer.Option(help="Whisper folder, hub id, CTranslate2 folder or .pt; the embedded tiny.en if left out."),
]
Cache = Annotated[
    Path | None, typer.Option("--cache", help="Folder for encoded features; in the user's cache if left out.")
]
BatchSize = Annotated[int, typer.Option(min=1, max=MAX_BATCH_SIZE, help="Clips encoded at a time.")]
Data = Annotated[str, typer.Option(help="CSV, folder per class, ESC-50, AudioSet segments, or dataset.")]
Split = Annotated[str | None, typer.Option(help="Split of a hub dataset; 'esc10' of ESC-50.")]
ClipsFolder = Annotated[str | None, typer.Option(help="Folder of the clips of AudioSet segment CSVs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars and no warnings.")]


class ProblemType(StrEnum):
    """How logits become scores: by sigmoids, or by softmax."""

    multi_label_classification = "multi_label_classification"
    single_label_classification = "single_label_classification"


class Padding(StrEnum):
    """The encoder's input."""

    trim = "trim"
    pad = "pad"
    context = "context"


@training_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at extract --data clips.csv --cache features\n\n"
    "whisper-at extract --data ESC-50 --whisper openai/whisper-base --cache features --batch-size 16\n\n"
    "accelerate launch --num_processes 2 -m whisper_at_hf.cli extract --data clips.csv --cache features"
)
def extract(
    data: Data,
    cache: Annotated[Path, typer.Option(help="Folder for the features; what it holds is not encoded again.")],
    whisper: Whisper = None,
    window: Annotated[float, typer.Option(help="Seconds of audio a clip, a multiple of 0.4.")] = 10.0,
    padding: Annotated[
        Padding, typer.Option(help="Encode the window alone, padded to 30 s, or in the 30 s around it.")
    ] = Padding.trim,
    batch_size: BatchSize = 8,
    dtype: Annotated[str, typer.Option(help="float32, bfloat16 or float16.")] = "float32",
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ...; the best one if left out.")] = None,
    split: Split = None,
    clips: ClipsFolder = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check what is there already, encode damage anew.")] = False,
    quiet: Quiet = False,
) -> None:
    """Encode clips once into a feature cache; killed at any moment, it goes on where it was."""
    calm_transformers(quiet)
    need_extra("train")
    from .extraction import run_extract

    code = run_extract(
        data,
        whisper,
        cache,
        window_length_s=window,
        padding=padding.value,
        batch_size=batch_size,
        dtype=dtype,
        device=device,
        verify=verify,
        quiet=quiet,
        split=split,
        clips=clips,
    )
    if code:
        raise typer.Exit(code)


@training_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at teach --model MIT/ast-finetuned-audioset-10-10-0.4593 --data clips.csv --output teacher.csv\n\n"
    "whisper-at teach --tagger my_tagger.py:Tagger --data clips.csv --labels audioset --output teacher.csv\n\n"
    "whisper-at train --train clips.csv --labels audioset --problem_type multi_label_classification "
    "--teacher teacher.csv --distillation_weight 1 --output my-head\n\n"
    "Stopped at any moment, the same command goes on where it was."
)
def teach(
    data: Data,
    output: Annotated[Path, path_option("The CSV file to write.")],
    model: Annotated[
        str | None, typer.Option(help="Audio classification model of transformers: folder or hub id.")
    ] = None,
    tagger: Annotated[
        str | None,
        typer.Option(help="Python code instead, which is run: module:name or file.py:name, see taggers.Tagger."),
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="Labels to write: 'audioset', or a .txt or .csv file; all if left out.")
    ] = None,
    problem_type: Annotated[
        ProblemType | None, typer.Option(help="How the model's logits become scores; as its configuration says.")
    ] = None,
    batch_size: BatchSize = 8,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ...; of a model.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    split: Split = None,
    clips: ClipsFolder = None,
    quiet: Quiet = False,
) -> None:
    """Write down what another model says of each clip, for heads to learn from (train --teacher)."""
    calm_transformers(quiet)
    need_extra("train")
    from .teaching import run_teach

    code = run_teach(
        data,
        output,
        model=model,
        tagger=tagger,
        labels=labels,
        problem_type=problem_type and problem_type.value,
        batch_size=batch_size,
        device=device,
        overwrite=overwrite,
        quiet=quiet,
        split=split,
        clips=clips,
    )
    if code:
        raise typer.Exit(code)


@training_app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at train --train clips.csv --output my-head\n\n"
    "whisper-at train --whisper openai/whisper-base --train train.csv --validation val.csv --output my-head\n\n"
    "whisper-at train --preset esc50 --train ESC-50 --cross-validation --output esc50 --seeds 1 2 3\n\n"
    "whisper-at train --config recipe.yaml --output my-head --learning-rate 3e-4 --mixup-rate 0.5\n\n"
    "Every other flag of python -m whisper_at_hf.training --help works here too.",
)
def train(
    context: typer.Context,
    output: Annotated[Path, path_option("Folder for the head, its card, scores and plots.")],
    train_data: Annotated[
        list[str] | None, typer.Option("--train", help="Training data, see extract --data; repeatable.")
    ] = None,
    validation: Annotated[
        list[str] | None, typer.Option(help="Validation data; a fifth of the training clips if left out.")
    ] = None,
    test: Annotated[list[str] | None, typer.Option(help="Test data, scored once at the end.")] = None,
    whisper: Whisper = None,
    preset: Annotated[
        str | None, typer.Option(help="custom, esc50, audioset-20k or audioset-2m; custom if left out.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML or JSON recipe with a value per flag.")] = None,
    labels: Annotated[str | None, typer.Option(help="'audioset', or a .txt or .csv file; else the data's.")] = None,
    cross_validation: Annotated[
        bool, typer.Option("--cross-validation", help="One head per fold, tested on that fold.")
    ] = False,
    epochs: Annotated[float | None, typer.Option(help="Epochs to train.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, max=MAX_BATCH_SIZE, help="Clips a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and augmentation.")] = None,
    cache: Cache = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in --output.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --output.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train a tagging head on frozen Whisper features, score it, and write its card."""
    calm_transformers(quiet)
    need_extra("train")
    from ..training.recipes import parse_arguments
    from .scores import run_and_print

    values = {
        "output_dir": str(output),
        "train": train_data,
        "validation": validation,
        "test": test,
        "whisper": whisper,
        "labels": labels,
        "cross_validation": cross_validation or None,
        "num_train_epochs": epochs,
        "per_device_train_batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "cache_dir": None if cache is None else str(cache),
        "resume_from_checkpoint": "True" if resume else None,
        "overwrite": overwrite or None,
        "disable_tqdm": quiet or None,
    }
    if preset is None and config is None:
        preset = "custom"
    run_and_print(*parse_arguments(context.args, preset, config, **values))


@training_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at evaluate my-head --data test.csv\n\n"
    "whisper-at evaluate my-head --whisper openai/whisper-base --data ESC-50 --fold 5 --output scores.json"
)
def evaluate(
    head: Annotated[str, typer.Argument(help="Folder or hub id of a head or of a Whisper-AT model.")],
    data: Annotated[list[str], typer.Option(help="Labelled data, see extract --data; repeatable.")],
    whisper: Whisper = None,
    fold: Annotated[str | None, typer.Option(help="Score on this fold of the data only.")] = None,
    split: Split = None,
    clips: ClipsFolder = None,
    cache: Cache = None,
    batch_size: BatchSize = 8,
    output: Annotated[Path | None, path_option("JSON file for the scores, too.")] = None,
    quiet: Quiet = False,
) -> None:
    """Score a head on labelled data: all metrics, and a table per label."""
    calm_transformers(quiet)
    need_extra("train")
    from ..training.arguments import DataArguments
    from ..training.evaluation import evaluate_head
    from .scores import print_label_table, print_scores

    arguments = DataArguments(
        test=data,
        test_fold=fold,
        whisper=whisper,
        test_split=split,
        clips=clips,
        cache_dir=None if cache is None else str(cache),
        extraction_batch_size=batch_size,
    )
    results = evaluate_head(head, arguments, announce=announcer(quiet))
    print_scores(results, scored="score")
    print_label_table(results["label_table"])
    if output is not None:
        write_json(output, results)
        print_written(output)
