"""The head that ships: what it learnt from may teach it and is credited, and each label has its evidence."""

import csv
import json
import re
from pathlib import Path

import pytest
from broad_head.card import credits
from broad_head.sources import FOLDS, read_sources
from evaluate_broad_head import LEAST_CLIPS, passes
from make_gallery import RECORDINGS
from ship_broad_head import DEFAULT_HEAD, MANIFEST

from whisper_at_hf import TLTRForAudioClassification

ROOT = Path(__file__).resolve().parents[2]
# None of them asks that what is made of a work is shared alike, or not sold.
FREE = {"CC0", "CC BY", "CC BY 2.0", "CC BY 3.0", "CC BY 4.0", "Public Domain", "MIT"}


@pytest.fixture(scope="module")
def manifest():
    with MANIFEST.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def used(manifest):
    return [row for row in manifest if row["part"] != "test"]


@pytest.fixture(scope="module")
def head():
    return TLTRForAudioClassification.from_pretrained(DEFAULT_HEAD)


@pytest.fixture(scope="module")
def scores():
    return json.loads((ROOT / "benchmarks" / "broad_head.json").read_text())["models"]["head"]["labels"]


def test_what_it_learnt_from_is_free_and_has_an_author(used):
    assert {row["licence"] for row in used} <= FREE
    assert all(row["author"] and row["part"] in FOLDS for row in used)
    assert not [row for row in used if re.search(r"^\W|#authors|^https?:|^see |^N/A$", row["author"])]
    assert not any(row["path"].startswith("emotion") for row in used)


def test_no_recording_is_learnt_from_and_tested(manifest):
    assert len({row["path"] for row in manifest}) == len(manifest)


@pytest.mark.data
def test_test_only_recordings_taught_nothing(used, data_folder):
    with (data_folder / "sounds" / "labels.csv").open(newline="", encoding="utf-8") as file:
        test_only = {f"sounds/{row['path']}" for row in csv.DictReader(file) if row["use"] != "train"}
    assert len(test_only) > 700 and not {row["path"] for row in used} & test_only


@pytest.mark.data
def test_the_manifest_is_what_the_recipe_reads(manifest, data_folder):
    listed = {(row["path"], row["part"], row["licence"]) for row in manifest}
    read = {(one.path, one.part, one.licence) for one in read_sources(data_folder)}
    # Rendered ones are made, and may or may not lie beside the data.
    made = {row for row in listed | read if row[0].startswith("rendered/")}
    assert listed - made == read - made


def test_authors_are_credited(used):
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert credits(used) in notice
    by = {row["author"] for row in used if row["licence"].startswith("CC BY") and row["path"].startswith("sounds/")}
    assert len(by) > 50
    for author in (*by, "Frank Wen", "K. J. Piczak", "LibriSpeech", "FSDKaggle2018"):
        assert author in notice


def test_each_label_has_its_evidence(head, scores):
    for label in head.config.labels:
        assert scores[label]["clips"] >= LEAST_CLIPS and passes(scores[label]), label
    assert len(head.config.labels) >= 60
    assert {"Speech", "Music"} <= set(head.config.labels)


def test_the_card_tells_how_well_each_label_is_tested(head, scores):
    card = (DEFAULT_HEAD / "README.md").read_text(encoding="utf-8")
    for label in head.config.labels:
        row = scores[label]
        name = f"{label}*" if row["crossed"] else label
        assert f"| {name} | {row['clips']} | {row['recordings']} | {row['ap']:.2f} | {row['top5']:.2f} |" in card


def test_each_label_has_a_threshold(head):
    assert set(head.config.thresholds) == set(head.config.labels)


def test_it_is_small():
    assert sum(path.stat().st_size for path in DEFAULT_HEAD.iterdir()) < 20e6


def test_the_gallery_is_of_recordings_that_taught_nothing(manifest):
    rows = {row["path"]: row for row in manifest}
    gallery = ROOT / "docs" / "gallery"
    text = (gallery / "README.md").read_text(encoding="utf-8")
    for name, (path, _) in RECORDINGS.items():
        assert rows[path]["part"] == "test" and rows[path]["licence"] in FREE
        assert (gallery / f"{name}.flac").is_file() and f"- {name}: {rows[path]['author']}" in text
    assert len(RECORDINGS) == 10
