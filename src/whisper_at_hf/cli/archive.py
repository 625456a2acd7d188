"""The command `whisper-at run`."""

import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import typer

from ..conversion.default_model import default_model_path
from ..errors import InputError
from ..pipeline.loading import load_pipeline
from .events import EventOption, EventPreset, Events, TypedEventOptions
from .extras import need_extra
from .options import (
    MAX_BATCH_SIZE,
    Device,
    Dtype,
    Groups,
    Hop,
    Labels,
    Language,
    Model,
    Quiet,
    Task,
    Threshold,
    TimeRes,
    TopK,
    TypedTagOptions,
    generate_parameters,
)
from .recognition import checked_call
from .support import calm_transformers, file_progress, say

archive_app = typer.Typer()


class Engine(StrEnum):
    """Who has the workers."""

    local = "local"
    ray = "ray"


@archive_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at run recordings --output results\n\n"
    "whisper-at run shards --output results --processes 2 --events --no-text\n\n"
    "whisper-at run files.csv --output s3://bucket/results --share 2/4\n\n"
    "whisper-at run recordings --output results --engine ray --ray-address auto --processes 16"
)
def run(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder, list (.txt, .csv, .parquet), .tar shards, or saved data set.", show_default=False
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            help="A folder, or a URL of a store that fsspec reaches; it is gone on with.", show_default=False
        ),
    ],
    model: Model = None,
    device: Device = None,
    dtype: Dtype = "auto",
    language: Language = None,
    task: Annotated[
        Task, typer.Option(help="Write in the spoken language, or translate to English.")
    ] = Task.transcribe,
    text: Annotated[bool, typer.Option(help="Write the text, besides the tags.")] = True,
    events: Events = False,
    event_preset: EventPreset = None,
    event_option: EventOption = None,
    speech_gate: Annotated[bool, typer.Option("--speech-gate", help="Drop text where no voice is heard.")] = False,
    at_time_res: TimeRes = 10.0,
    at_hop: Hop = None,
    top_k: TopK = 5,
    threshold: Threshold = None,
    labels: Labels = None,
    groups: Groups = None,
    processes: Annotated[int, typer.Option(min=1, max=1024, help="Workers, each with a model of its own.")] = 1,
    engine: Annotated[
        Engine, typer.Option(help="Workers are processes of this machine, or actors of Ray.")
    ] = Engine.local,
    ray_address: Annotated[
        str | None,
        typer.Option(help="Ray cluster, as 10.0.0.1:6379 or auto; a Ray on this machine if left out."),
    ] = None,
    share: Annotated[
        str, typer.Option(help="Which part of the work is this machine's: 2/4 of four machines.")
    ] = "1/1",
    shard_size: Annotated[int, typer.Option(min=1, max=100_000, help="Files whose rows are written together.")] = 100,
    batch_size: Annotated[int, typer.Option(min=1, max=MAX_BATCH_SIZE, help="Windows decoded at a time.")] = 16,
    time_limit: Annotated[float, typer.Option(min=1.0, help="Seconds that decoding a file may take.")] = 120.0,
    max_hours: Annotated[float, typer.Option(min=0.001, help="Longer files get a row that says so.")] = 12.0,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="Try files again that have an error, besides what is left.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Transcribe and tag an archive into Parquet files, one row a file; run it again to go on."""
    need_extra("archive")
    work = _engine(engine, ray_address)
    from ..archive import Job, list_items

    calm_transformers(quiet)
    part = _share(share)
    parameters: dict[str, Any] = {
        "return_text": text,
        **TypedEventOptions(events, event_preset, event_option).parameters(),
    }
    if text:
        parameters |= {"return_timestamps": True, "generate_kwargs": generate_parameters(language, task)}
    if speech_gate:
        parameters["speech_gate"] = True
    job = _checked(
        Job(
            output=output,
            model=model or str(default_model_path()),
            parameters=parameters,
            shard_size=shard_size,
            batch_size=batch_size,
            device=device,
            dtype=dtype,
            time_limit=time_limit,
            max_seconds=max_hours * 3600,
            retry_errors=retry_errors,
        ),
        TypedTagOptions(at_time_res, at_hop, top_k, threshold, labels, groups, None),
        "cpu" if device is None or ray_address else device,
    )
    stopped_by = _run(job, list_items(source), part, partial(work, processes=processes), quiet)
    if stopped_by:
        raise typer.Exit(128 + stopped_by)


def _engine(engine: Engine, ray_address: str | None) -> Callable[..., int]:
    """`run_local`, or what does the same by Ray."""
    from ..archive import run_local, run_ray

    if engine is Engine.ray:
        need_extra("ray")

        def run_beside(*args: Any, **options: Any) -> int:
            with redirect_stdout(sys.stderr):  # Ray prints there what it says of workers that died
                return run_ray(*args, address=ray_address, **options)

        return run_beside
    if ray_address is not None:
        raise InputError("--ray-address is for --engine ray; pass that, too, or leave it out.")
    return run_local


def _share(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text)
    if match is None or int(match[1]) > int(match[2]):
        raise InputError(f"--share {text!r} is no part of the work; write 2/4 for the second of four machines.")
    return int(match[1]), int(match[2])


def _checked(job: Any, tags: TypedTagOptions, device: str) -> Any:
    """The job with its tag options and hashes, after a look at the model: bad options cost no hours."""
    from ..archive.job import hashes

    pipe = load_pipeline(job.model, device, job.dtype, job.parameters["return_text"])
    parameters = checked_call(pipe, job.parameters, tags)
    model_hash, head_hash = hashes(pipe.model)
    return replace(job, parameters=parameters, model_hash=model_hash, head_hash=head_hash)


def _run(job: Any, items: list, share: tuple[int, int], work: Callable[..., int], quiet: bool) -> int:
    """Do what is left of the job; gives the signal that stopped it, or 0."""
    from ..archive.attempts import forget_all
    from ..archive.job import ROWS, finished, of_share, prepare

    store = job.store
    tell = (lambda line: None) if quiet else say
    with store.locked(f".run-{share[0]}-of-{share[1]}.lock"):
        with store.locked(".prepare.lock", patience=60.0):
            store.remove_drafts("")
            shards = prepare(job, items)
        if share == (1, 1):
            store.remove_drafts(ROWS)
            forget_all(store)
        done = finished(job, shards)
        again = {shard for shard, errors in done.items() if errors and job.retry_errors}
        chosen = of_share([shard for shard in range(len(shards)) if shard in again or shard not in done], share)
        left = sum(done.get(shard, len(shards[shard])) for shard in chosen)  # of those done, the ones with an error
        tell(f"{sum(map(len, shards))} files, {left} to do in {len(chosen)} shards")
        with file_progress(left, quiet) as advance:
            stopped_by = work(
                job,
                shards,
                chosen,
                on_files=advance,
                on_stop=lambda: tell("Stopping after the shards in work ..."),
                on_errors=lambda count: advance(0, count),
            )
    done = finished(job, shards)
    rows = sum(len(shards[shard]) for shard in done)
    tell(f"{rows} rows in '{job.output}', {sum(done.values())} of them with an error")
    if unfinished := len(shards) - len(done):
        tell(f"{unfinished} shards are left; run the same command again to go on")
    return stopped_by
