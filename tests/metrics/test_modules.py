"""The `evaluate` modules load without a network and give scikit-learn's figures."""

import socket
import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from whisper_at_hf.errors import InputError
from whisper_at_hf.metrics import METRIC_MODULES, d_prime, label_table, load_metric, metric_path, tagging_metrics

LABELS = ["a", "b", "c", "d"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    """Every connection fails; the rows that evaluate keeps go into a folder of the test."""
    import evaluate

    def refuse(*args, **kwargs):
        raise AssertionError("a metric asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", tmp_path / "metrics")


@pytest.fixture
def clips() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    targets = (generator.random((30, 4)) < 0.4).astype(int)
    targets[0], targets[1], targets[:, 3] = 0, 1, 0
    return generator.random((30, 4)) + 0.3 * targets, targets


def computed(clips, **kwargs) -> dict:
    """In two batches, as in an evaluation loop."""
    scores, targets = clips
    metric = load_metric()
    metric.add_batch(predictions=scores[:20], references=targets[:20])
    metric.add_batch(predictions=scores[20:].tolist(), references=targets[20:].tolist())
    return metric.compute(**kwargs)


def test_equal_to_scikit_learn(clips):
    scores, targets = clips
    precision = average_precision_score(targets[:, :3], scores[:, :3])
    figures = computed(clips)
    assert figures["map"] == pytest.approx(precision, abs=1e-9)
    auc = roc_auc_score(targets[:, :3], scores[:, :3])
    assert figures["auc"] == pytest.approx(auc, abs=1e-9)
    assert figures["d_prime"] == pytest.approx(d_prime(auc), abs=1e-9)


@pytest.mark.parametrize("key", ["accuracy", "f1"])
def test_decisions_take_thresholds(clips, key):
    for thresholds in (0.5, [0.3, 0.5, 0.7, 0.9]):
        assert computed(clips, thresholds=thresholds)[key] == tagging_metrics(*clips, thresholds)[key]
    assert computed(clips, thresholds=0.3)[key] != computed(clips, thresholds=0.7)[key]


def test_decisions_of_single_labels():
    classes = np.eye(4)[[0, 1, 2, 3, 1]]
    scores = np.eye(4)[[0, 1, 2, 1, 1]]
    figures = load_metric().compute(predictions=scores, references=classes, single_label=True)
    assert figures["accuracy"] == 0.8


def test_all_figures_and_the_table(clips):
    figures = tagging_metrics(*clips, 0.5)
    assert computed(clips, thresholds=0.5) == figures
    with_table = {**figures, "label_table": label_table(*clips, LABELS, 0.5)}
    assert computed(clips, labels=LABELS, thresholds=0.5) == with_table
    by_name = dict.fromkeys(LABELS, 0.5)
    assert computed(clips, labels=LABELS, thresholds=by_name) == with_table


@pytest.mark.parametrize("name", METRIC_MODULES)
def test_every_module_describes_itself(name):
    metric = load_metric(name)
    assert metric.name == name
    assert metric.description and "predictions" in metric.inputs_description


def test_wrong_targets_are_refused_not_rounded(clips):
    scores, targets = clips
    with pytest.raises(InputError, match="hold 0.5"):
        load_metric().compute(predictions=scores, references=targets * 0.5)


@pytest.mark.long
def test_evaluate_loads_a_path_in_a_fresh_offline_process(tmp_path):
    script = (
        "import evaluate\n"
        "from whisper_at_hf.metrics import metric_path\n"
        "metric = evaluate.load(metric_path())\n"
        "print(metric.compute(predictions=[[0.9, 0.2], [0.1, 0.3]], references=[[1, 0], [0, 1]]))\n"
    )
    environment = {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{'map': 1.0, ")


def test_unknown_names_list_the_known():
    with pytest.raises(InputError, match="no metric 'accuracy'; use tagging_metrics"):
        metric_path("accuracy")
    with pytest.raises(InputError, match="no metric 'accuracy'"):
        load_metric("accuracy")
