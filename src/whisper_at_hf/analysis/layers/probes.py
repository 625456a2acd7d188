"""Linear probes: what a linear classifier reads out of an encoder's states, by layer, with cross-validation.

The paper's probe (section 2 and its `baseline_sound_classification.py`, https://github.com/YuanGongND/whisper-at):
states averaged over time, standardised, then a linear softmax classifier. There it is scikit-learn's MLPClassifier
without hidden layers, trained by Adam with next to no penalty; here it is the same classifier as LogisticRegression,
whose solution does not depend on a seed, with the penalty under which clips of a left-out fold are likeliest. That is
tried on the folds that the classifier is fitted on, never on the one it is tested on. Every fit goes down to the
solution: the default solver stops on the way, with one clip in a hundred classed otherwise.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ...errors import InputError

MEAN_OF_LAYERS = "mean of layers"
ALL_LAYERS = "all layers"
# Of the solver's steps, small enough that the answers no longer depend on the arithmetic.
TOLERANCE = 1e-6
# Values of C, the inverse of the penalty, that are tried; and the one where there are too few folds to try any.
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
DEFAULT_PENALTY = 1.0


@dataclass
class Probe:
    """A probe's results, each clip tested by the classifier that was fitted without its fold.

    Attributes:
        predictions: `(clips,)` int64, class given to each clip.
        accuracies: on each fold, in the order of the folds' names.
    """

    predictions: np.ndarray
    accuracies: list[float]

    @property
    def mean(self) -> float:
        """Mean accuracy over the folds."""
        return float(np.mean(self.accuracies))

    @property
    def std(self) -> float:
        """Standard deviation of the accuracy over the folds (sample's, ddof 1)."""
        return float(np.std(self.accuracies, ddof=1))


def layer_name(layer: int) -> str:
    """What the probe of a layer, counted from 1, is called."""
    return f"layer {layer}"


def probe_inputs(means: np.ndarray) -> dict[str, np.ndarray]:
    """Each probe's features `(clips, width)` by its name: every layer, their mean, and all side by side.

    Args:
        means: time-means `(clips, layers, width)`.
    """
    inputs = {layer_name(layer + 1): means[:, layer] for layer in range(means.shape[1])}
    inputs[MEAN_OF_LAYERS] = means.mean(axis=1)
    inputs[ALL_LAYERS] = means.reshape(len(means), -1)
    return inputs


def probe_layers(
    means: np.ndarray,
    targets: np.ndarray,
    clip_folds: Sequence[str],
    folds: Sequence[str],
    advance: Callable[[], None] | None = None,
) -> dict[str, Probe]:
    """Probe every layer, the mean of layers, and all layers side by side.

    Args:
        means: time-means `(clips, layers, width)`.
        targets: `(clips,)`, class indices.
        clip_folds: `(clips,)`, name of each clip's fold.
        folds: the names, in the order of the accuracies.
        advance: called after every probe.

    Returns:
        `{"layer 1": Probe, ..., "mean of layers": Probe, "all layers": Probe}`.

    Raises:
        InputError: a fold without clips, or one outside of which there are fewer than two classes.
    """
    clip_folds = np.asarray(clip_folds)
    tested = [clip_folds == fold for fold in folds]
    for fold, inside in zip(folds, tested, strict=True):
        if not inside.any() or len(np.unique(targets[~inside])) < 2:
            raise InputError(
                f"Fold {fold!r} cannot be tested, since it is empty or fewer than two classes lie outside of it: "
                "use other folds, or let them be drawn."
            )
    probes = {}
    for name, features in probe_inputs(means).items():
        probes[name] = _cross_validate(features, targets, clip_folds, tested)
        if advance is not None:
            advance()
    return probes


def best_probe(accuracies: dict[str, list[float]]) -> str:
    """Name of the probe with the highest mean accuracy; the first of several."""
    return max(accuracies, key=lambda name: np.mean(accuracies[name]))


def _cross_validate(
    features: np.ndarray, targets: np.ndarray, clip_folds: np.ndarray, tested: list[np.ndarray]
) -> Probe:
    predictions = np.empty(len(targets), dtype=np.int64)
    for inside in tested:
        train, test = _scaled(features[~inside], features[inside])
        penalty = choose_penalty(train, targets[~inside], clip_folds[~inside])
        predictions[inside] = _fitted(_classifier(penalty), train, targets[~inside]).predict(test)
    return Probe(predictions, [float((predictions == targets)[inside].mean()) for inside in tested])


def _scaled(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both `(clips, width)`, standardised as `train` is, with no more dimensions than it has clips."""
    scaler = StandardScaler()
    train, test = scaler.fit_transform(train.astype(np.float64)), scaler.transform(test.astype(np.float64))
    if train.shape[1] > len(train):
        # The weights are sums of training clips, so in the space that these span, with as many axes as there are
        # clips, the classifier is the same, and much faster fitted.
        axes, _ = np.linalg.qr(train.T)
        train, test = train @ axes, test @ axes
    return train, test


def choose_penalty(features: np.ndarray, targets: np.ndarray, folds: np.ndarray) -> float:
    """The one of `PENALTIES` under which the clips are likeliest, each by a classifier fitted without its fold.

    Args:
        features: `(clips, width)`, standardised.
        targets: `(clips,)`, class indices.
        folds: `(clips,)`, names; a fold that holds all clips of some class is not left out.

    Returns:
        `DEFAULT_PENALTY` where no fold can be left out.
    """
    classes = len(np.unique(targets))
    left_out = [folds == fold for fold in np.unique(folds)]
    left_out = [inside for inside in left_out if len(np.unique(targets[~inside])) == classes]
    if not left_out:
        return DEFAULT_PENALTY
    likelihoods = np.zeros(len(PENALTIES))
    for inside in left_out:
        classifier = _classifier(PENALTIES[0], warm_start=True)
        for place, penalty in enumerate(PENALTIES):
            classifier.set_params(C=penalty)
            _fitted(classifier, features[~inside], targets[~inside])
            given = classifier.predict_log_proba(features[inside])
            columns = np.searchsorted(classifier.classes_, targets[inside])
            likelihoods[place] += given[np.arange(len(columns)), columns].sum()
    return PENALTIES[int(likelihoods.argmax())]


def _classifier(penalty: float, warm_start: bool = False) -> LogisticRegression:
    return LogisticRegression(C=penalty, solver="newton-cg", tol=TOLERANCE, max_iter=1000, warm_start=warm_start)


def _fitted(classifier: LogisticRegression, features: np.ndarray, targets: np.ndarray) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return classifier.fit(features, targets)
