"""Many files through one pipeline: bad ones are reported, good ones come in order."""

from types import SimpleNamespace

import numpy as np

from whisper_at_hf import InputError
from whisper_at_hf.cli.files import run_files


class CountingPipeline:
    """Stands in for the pipeline: the result is the loudness of the first sample; reads a whole batch ahead."""

    feature_extractor = SimpleNamespace(sampling_rate=16000)

    def __init__(self):
        self.parameters = None
        self.rates = set()

    def __call__(self, inputs, batch_size=1, **parameters):
        self.parameters = {"batch_size": batch_size, **parameters}
        batch = []
        for item in inputs:
            self.rates.add(item["sampling_rate"])
            batch.append({"first": float(item["raw"][0])})
            if len(batch) == batch_size:
                yield from batch
                batch = []
        yield from batch


def clip(value):
    return {"raw": np.full(100, value, dtype=np.float32), "sampling_rate": 16000}


def run(sources, **parameters):
    pipe, errors = CountingPipeline(), []
    results = list(run_files(pipe, sources, lambda source, error: errors.append((source, error)), **parameters))
    return pipe, results, errors


def test_good_files_come_with_their_own_results_in_order():
    sources = [clip(value) for value in (0.1, 0.2, 0.3, 0.4, 0.5)]
    for batch_size in (1, 2, 8):
        _, results, errors = run(sources, batch_size=batch_size)
        assert errors == []
        assert [source["raw"][0] for source, _ in results] == [np.float32(v) for v in (0.1, 0.2, 0.3, 0.4, 0.5)]
        assert all(result["first"] == source["raw"][0] for source, result in results)


def test_bad_files_are_reported_and_cost_only_themselves(tmp_path):
    missing, empty, text = (str(tmp_path / name) for name in ("missing.wav", "empty.wav", "text.wav"))
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not a sound " * 50)
    nan = clip(np.nan)
    sources = [missing, clip(0.1), empty, text, clip(0.2), nan, clip(0.3), str(tmp_path)]
    for batch_size in (1, 2, 8):
        _, results, errors = run(sources, batch_size=batch_size)
        assert [(source["raw"][0], result["first"]) for source, result in results] == [
            (np.float32(value), np.float32(value)) for value in (0.1, 0.2, 0.3)
        ]
        assert [source for source, _ in errors] == [missing, empty, text, nan, str(tmp_path)]
        assert all(isinstance(error, InputError) for _, error in errors)
        assert "missing.wav" in str(errors[0][1])


def test_nothing_good_gives_nothing():
    pipe, results, errors = run(["/no/such/file.wav"])
    assert (results, len(errors)) == ([], 1)
    assert run([])[1:] == ([], [])


def test_parameters_and_the_rate_reach_the_pipeline():
    pipe, _, _ = run([{"raw": np.zeros(800, dtype=np.float32), "sampling_rate": 8000}], batch_size=4, at_time_res=2.0)
    assert pipe.parameters == {"batch_size": 4, "at_time_res": 2.0}
    assert pipe.rates == {16000}


def test_a_result_is_given_before_later_files_are_read():
    read = []

    def sources():
        for index in range(4):
            read.append(index)
            yield clip(index)

    results = run_files(CountingPipeline(), sources(), lambda *_: None, batch_size=2)
    next(results)
    assert read == [0, 1]
