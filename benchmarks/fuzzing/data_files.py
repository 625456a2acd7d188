"""Intact tables, recipes, wordings and results, and how they are read."""

import json
from pathlib import Path
from typing import Any

from .sound_files import sound_file

LABELS = 'index,mid,display_name\n0,/m/09x0r,Speech\n1,/m/0bt9lr,Dog\n2,x,"Waves, surf"\n'
CLIPS = 'path,label,fold,start,end\na.wav,Dog;Rain,1,0,1.5\nb.wav,"Waves, surf",2,,\na.wav,Dog,2,1.5,\n'
SEGMENTS = (
    '# Segments csv\n# YTID, start_seconds, end_seconds, positive_labels\na, 0.000, 10.000, "/m/09x0r,/m/0bt9lr"\n'
)
TEACHER = "path,start,end,Dog,Rain\na.wav,0,1.5,0.5,0.25\nb.wav,,,1,0\n"
WORDING = 'label,words\nDog,Hund bellt\nRain,\n"Waves, surf",Wellen\n'
RECIPE = """preset: esc50
train: [clips.csv]
labels: labels.csv
learning_rate: 0.001
num_train_epochs: 2
aggregation: tltr
projection_dim: 16
validation_share: 0.2
seed: 3
lr_scheduler_type: linear
report_to: []
"""
ONTOLOGY = [
    {"id": "/m/0", "name": "Top", "child_ids": ["/m/1", "/m/2"]},
    {"id": "/m/1", "name": "Dog", "child_ids": ["/m/2"]},
    {"id": "/m/2", "name": "Bark", "child_ids": []},
]
STEP_TIMES = [0.2, 0.6, 1.0]
RESULT: dict[str, Any] = {
    "file": "a.wav",
    "text": "Hello there.",
    "language": "en",
    "chunks": [{"timestamp": [0.0, 0.8], "text": " Hello"}, {"timestamp": [0.8, None], "text": " there."}],
    "audio_tags": [
        {"timestamp": [0.0, 1.2], "tags": [{"label": "Dog", "score": 0.8}, {"label": "Rain", "score": 0.3}]}
    ],
    "audio_events": [{"label": "Dog", "timestamp": [0.0, 0.8], "score": 0.9}],
    "event_scores": {"labels": ["Dog", "Rain"], "times": STEP_TIMES, "scores": [[0.9, 0.1], [0.5, 0.2], [0.1, 0.4]]},
}


def texts(folder: Path) -> None:
    """All of them in one folder, with the two clips that they name."""
    written = {
        "labels.csv": LABELS, "labels.txt": "Speech\nDog\nWaves, surf\n", "clips.csv": CLIPS, "segments.csv": SEGMENTS,
        "teacher.csv": TEACHER, "wording.csv": WORDING, "wording.json": json.dumps({"Dog": "Hund bellt", "Rain": ""}),
        "recipe.yaml": RECIPE, "recipe.json": json.dumps({"learning_rate": 0.001, "train": ["clips.csv"]}),
        "ontology.json": json.dumps(ONTOLOGY), "result.json": json.dumps(RESULT),
    }  # fmt: skip
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("a.wav", "b.wav"):
        (folder / name).write_bytes(sound_file("wav"))


def read_labels(path: Path) -> None:
    from whisper_at_hf.data import resolve_labels

    resolve_labels(path)


def read_clips(path: Path) -> None:
    from whisper_at_hf.data import infer_problem_type, load_data, resolve_labels, targets

    dataset = load_data(path)
    targets(dataset, resolve_labels(None, dataset), infer_problem_type(dataset))


def read_segments(path: Path) -> None:
    from whisper_at_hf.data import load_audioset

    load_audioset(path, path.parent)


def read_teacher(path: Path) -> None:
    from whisper_at_hf.data import load_csv
    from whisper_at_hf.training.distillation import load_teacher

    clips = load_csv(path.with_name("clips.csv")).select([0, 1])
    load_teacher(path, clips, ["Dog", "Rain"])


def read_recipe(path: Path) -> None:
    from whisper_at_hf.training.recipes import parse_arguments

    parse_arguments([], config=path, output_dir=str(path.parent / "run"))


def read_wording(path: Path) -> None:
    from whisper_at_hf.labels.wording import caption_words, read_wording

    caption_words(read_wording(path))


def read_ontology(path: Path) -> None:
    from whisper_at_hf.data.ontology import label_groups

    label_groups(path)


def read_result(path: Path) -> None:
    """What `whisper-at plot --result` does, to a page and to a picture."""
    from whisper_at_hf.cli.plotting import read_result
    from whisper_at_hf.pictures import plot

    result = read_result(path, "a.wav")
    for name in ("plot.html", "plot.svg"):
        plot(result, path.with_name(name), path.with_name("a.wav"))
