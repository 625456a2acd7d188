"""A job on Ray Data, here or on a cluster: workers are its actors, and Ray puts others in the place of dead ones.

Rows are written by the workers themselves, by shard: one that is done twice, since a machine was lost, is there once.
"""

import logging
import os
import pickle
import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from ..errors import InputError, first_line
from .attempts import Attempts
from .items import Item
from .job import Job
from .local import ignore
from .signals import stopped_by_signals
from .worker import Worker

# Ray asks for minutes where nobody answers. Seconds that the head of a cluster gets.
ANSWER_LIMIT = 10.0
# Before Ray is imported: nothing is sent to its makers, and it does not write between our lines.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_LOG_LEVEL": "CRITICAL",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def run_ray(
    job: Job,
    shards: Sequence[Sequence[Item]],
    chosen: Sequence[int],
    processes: int = 1,
    on_files: Callable[[int], None] | None = None,
    on_stop: Callable[[], None] | None = None,
    on_errors: Callable[[int], None] | None = None,
    address: str | None = None,
) -> int:
    """Do shards of a job by Ray Data.

    SIGINT and SIGTERM let each worker finish its shard; a second one ends them at once. Finished shards are kept.
    A Ray that the caller has started is used, and left as it is.

    Args:
        job: what to do. Workers take a GPU each where its device is "cuda", or is left out and Ray has GPUs.
        shards: the files of each shard.
        chosen: the numbers of those that are to be done.
        processes: how many workers, each with a model.
        on_files: called with the number of files that are done since the last time.
        on_stop: called at the first signal.
        on_errors: as `on_files`, for files that have an error.
        address: of a cluster, as `ray.init` takes it, such as "auto" on one of its machines; a Ray of this machine,
            which ends with the run, if left out. A cluster's machines need this package, and the same files, model
            and output at the same paths.

    Returns:
        0, or the number of the signal that stopped the run.

    Raises:
        InputError: there is no such cluster, it fails, the results cannot be written, or workers die without a file
            being the reason.
    """
    if not chosen:
        return 0
    run = _Run(_anywhere(job), min(processes, len(chosen)), on_stop or ignore)
    try:
        with _connected(address, run), stopped_by_signals(run, run.stop):
            with closing(run.results([(shard, shards[shard]) for shard in chosen])) as results:
                for files, errors in results:
                    (on_files or ignore)(files)
                    (on_errors or ignore)(errors)
    finally:
        run.attempts.forget()
    return run.stopped_by


def _anywhere(job: Job) -> Job:
    """The job with paths that mean the same in whatever folder a worker begins."""
    folder = job.store.folder
    return replace(
        job,
        output=job.output if folder is None else os.path.abspath(folder),
        model=os.path.abspath(job.model) if os.path.isdir(job.model) else job.model,
    )


class _Run:
    def __init__(self, job: Job, processes: int, on_stop: Callable[[], None]):
        self.job, self.processes, self.on_stop = job, processes, on_stop
        self.attempts = Attempts(job.output, uuid.uuid4().hex)
        self.cpus = 1
        self.stopped_by = 0

    def stop(self) -> None:
        self.on_stop()
        self.attempts.stop()

    def results(self, tasks: Sequence[tuple[int, Sequence[Item]]]) -> Iterator[tuple[int, int]]:
        """For each shard that is done, how many files were worked on, and how many of these have an error.

        Ends early when the run is stopped.
        """
        import ray
        from ray.data import ActorPoolStrategy, from_items

        # Pickled, since paths need not be UTF-8. A block is what Ray gives to an actor at a time: a shard.
        rows = [{"shard": shard, "items": pickle.dumps(list(items))} for shard, items in tasks]
        job, gpus = _on_gpus(self.job)
        data = from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Hand,
            fn_constructor_args=(job, self.attempts),
            # The next shard waits for whoever is free first, not behind one that is in work.
            compute=ActorPoolStrategy(size=self.processes, max_tasks_in_flight_per_actor=1),
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=self.cpus,
            num_gpus=gpus,
        )
        data.context.enable_progress_bars = False
        try:
            for row in data.iter_rows():
                if row["failure"]:
                    raise InputError(row["failure"])
                yield row["files"], row["errors"]
                if self.stopped_by and not self.attempts.in_work:
                    return
        except ray.exceptions.RayError as error:
            raise InputError(_failure(_reason(error))) from error


@dataclass
class _Hand:
    """An actor: its worker is begun with its first shard, so that what ends it while it loads is counted as well."""

    job: Job
    attempts: Attempts
    worker: Worker | None = None

    def __call__(self, batch: Any) -> dict[str, list]:
        shard = batch["shard"][0].as_py()
        files, errors, failure = 0, 0, ""
        try:
            files, errors = self._work(shard, pickle.loads(batch["items"][0].as_py()))
        except InputError as error:
            failure = str(error)
        except Exception as error:  # Ray would make pages of it
            logging.getLogger(__name__).exception("shard %d", shard)  # in Ray's own logs
            failure = _failure(f"{type(error).__name__}: {first_line(error)}")
        return {"files": [files], "errors": [errors], "failure": [failure]}

    def _work(self, shard: int, items: Sequence[Item]) -> tuple[int, int]:
        attempt = self.attempts.begin(shard)
        if attempt is None:
            return 0, 0
        if self.worker is None:
            self.worker = Worker(self.job)
        files = errors = 0

        def done() -> None:
            nonlocal files
            files += 1
            if attempt.one_by_one:
                attempt.reach()

        def wrong() -> None:
            nonlocal errors
            errors += 1

        self.worker.run(shard, items, attempt.deadly, attempt.one_by_one, attempt.reach, done, wrong)
        attempt.end()
        return files, errors


def _on_gpus(job: Job) -> tuple[Job, int]:
    """The job for a worker, and how many GPUs that needs. It sees its own GPU alone, which Ray chooses."""
    import ray

    if (job.device or "").startswith("cuda") or (job.device is None and "GPU" in ray.cluster_resources()):
        return replace(job, device="cuda"), 1
    return job, 0


@contextmanager
def _connected(address: str | None, run: _Run) -> Iterator[None]:
    """While open, Ray is there; one of this machine has just the room that the run needs."""
    os.environ.update({name: value for name, value in _ENVIRONMENT.items() if name not in os.environ})
    import ray

    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
    if address is None:
        run.cpus = max(1, torch.get_num_threads() // run.processes)
        options |= {"num_cpus": run.cpus * run.processes, "include_dashboard": False}
    try:
        _expect_answer(address or "")
        with _hushed():
            ray.init("local" if address is None else address, **options)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        place = "on this machine" if address is None else f"at --ray-address {address!r}"
        raise InputError(f"Ray cannot be reached {place} ({first_line(error)}); start it, or use another.") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _hushed() -> Iterator[None]:
    """While open, nothing reaches standard error: Ray's C++ parts say there that they are told to say nothing."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _expect_answer(address: str) -> None:
    """Raise OSError where an address such as 10.0.0.1:6379 is nobody's."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_LIMIT).close()


def _failure(reason: str) -> str:
    return f"Ray could not go on ({reason}); what is finished is kept: mend that, and run the same command again."


def _reason(error: Exception) -> str:
    """What Ray's errors come down to: they hold traces, whose causes stand last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
