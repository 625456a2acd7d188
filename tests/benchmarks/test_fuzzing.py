"""The fuzzing harness: the same cases every time, every kind of end seen, and some cases of each kind of file."""

import mmap
import os
import random
import signal
import time
from dataclasses import replace

import pytest
from fuzzing import worker
from fuzzing.absurd_sound import with_page_sums
from fuzzing.kinds import KINDS, plan
from fuzzing.mutations import MUTATIONS, mutated
from fuzzing.running import run_cases
from fuzzing.worker import hostile_file, make_intact, read_case

from whisper_at_hf.errors import InputError

LIMITS = {"seconds": 10.0, "memory_mb": 1024}


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzzing") / "intact"
    make_intact(folder)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_intact_files_are_read(intact, kind):
    result = read_case(kind, 0, intact / kind)
    assert (result.outcome, result.detail) == ("fine", "")


@pytest.mark.long
@pytest.mark.parametrize("family", ["sound", "files"])
def test_hostile_files_are_read_or_refused(intact, family):
    results = list(run_cases(plan(family, 60), intact, **LIMITS))
    assert {result.kind for result in results} >= {name for name in KINDS if KINDS[name].weight == 1} & set(
        name for name in KINDS if KINDS[name].family == family
    )
    assert [result for result in results if result.outcome not in ("fine", "ours")] == []


@pytest.mark.long
def test_every_kind_of_end_is_told(intact, monkeypatch):
    def refuse(_):
        raise InputError("No.")

    readers = {
        "fine": lambda _: None,
        "ours": refuse,
        "other exception": lambda _: 1 / 0,
        "memory": lambda _: bytearray(2 << 30),
        "time-out": lambda _: time.sleep(60),
        "crash": lambda _: os.kill(os.getpid(), signal.SIGSEGV),
    }
    for number, read in enumerate(readers.values()):
        monkeypatch.setitem(KINDS, f"kind {number}", replace(KINDS["labels .txt"], read=read))
        (intact / f"kind {number}").mkdir(exist_ok=True)
        (intact / f"kind {number}" / "labels.txt").write_text("Dog\n")
    cases = [(f"kind {number}", 1) for number in range(len(readers))] + [("labels .txt", 0)]
    results = list(run_cases(cases, intact, seconds=1.0, memory_mb=1024))
    assert [result.outcome for result in results[:-1]] == list(readers)
    assert results[-1].outcome in ("fine", "ours")  # a new worker goes on
    details = {result.outcome: result.detail for result in results[:-1]}
    assert details["ours"] == "No." and details["crash"] == "SIGSEGV"
    assert details["other exception"].startswith("ZeroDivisionError in test_fuzzing.py:")


@pytest.mark.long
def test_a_case_is_its_kind_and_seed(intact):
    names = ["wav", "ogg opus", "original head .pth", "model config.json", "recipe .yaml", "labels .csv"]
    cases = [(name, seed) for name in names for seed in range(5)]
    once = {case: hostile_file(*case, intact) for case in cases}
    assert {case: hostile_file(*case, intact) for case in reversed(cases)} == once
    assert len(set(once.values())) > 0.8 * len(cases)


def test_every_mutation_takes_every_length():
    rng = random.Random(0)
    for mutation in MUTATIONS:
        for content in (b"", b"x", bytes(range(256)) * 40):
            for _ in range(20):
                assert isinstance(mutation(rng, content, b"other"), bytes)
    contents = [mutated(random.Random(seed), bytes(5000), b"other" * 100) for seed in range(50)]
    assert sum(content != bytes(5000) for content in contents) > 40


def test_ogg_pages_get_the_sums_that_their_writer_gives_them(tmp_path):
    KINDS["ogg opus"].make(tmp_path)
    content = (tmp_path / "x.ogg").read_bytes()
    assert with_page_sums(content) == content
    broken = content[:22] + b"\1\2\3\4" + content[26:]
    assert with_page_sums(broken) == content


@pytest.mark.parametrize("family", ["sound", "files"])
def test_cases_are_shared_out_by_weight(family):
    cases = plan(family, 1000, first_seed=5)
    assert len(cases) == len(set(cases)) == 1000 and min(seed for _, seed in cases) == 5
    counts = {name: sum(case[0] == name for case in cases) for name, _ in cases}
    heaviest = [count for name, count in counts.items() if KINDS[name].weight == 1]
    assert max(heaviest) - min(heaviest) <= 1
    assert all(count <= max(heaviest) for count in counts.values())


def test_memory_is_measured_case_by_case(tmp_path, monkeypatch):
    if not worker._memory("VmRSS"):
        pytest.skip("no /proc here")

    def read(_):
        with mmap.mmap(-1, 64 << 20) as memory:
            memory.write(b"x" * (64 << 20))

    monkeypatch.setitem(KINDS, "large", replace(KINDS["labels .txt"], read=read))
    monkeypatch.setitem(KINDS, "small", replace(KINDS["labels .txt"], read=lambda _: None))
    assert read_case("large", 0, tmp_path).peak_mb > 60
    assert read_case("small", 0, tmp_path).peak_mb < 30
