"""Events against what was put into the mixtures, by sed_eval and sed_scores_eval."""

from collections.abc import Sequence

import numpy as np
import sed_eval
from dcase_util.containers import MetaDataContainer

from sound_events.mixtures import ESC10_LABELS, SECONDS, Event
from whisper_at_hf.labels.ontology import ancestors, labels_below

LABELS = tuple(ESC10_LABELS.values())
COLLARS = (0.5, 1.0)
# A found end may be off by the collar, or by this share of the sound's length (DCASE's rule).
OFFSET_SHARE = 0.5


def event_scores(truth: Sequence[Sequence[Event]], found: Sequence[Sequence[Event]]) -> dict:
    """Event-based figures per collar: F1 over all events (micro), as the mean of the labels (macro), and per label.

    Args:
        truth: per mixture, the events that are in it.
        found: per mixture, those that were found; labels other than `LABELS` do not count.
    """
    figures = {}
    for collar in COLLARS:
        metrics = sed_eval.sound_event.EventBasedMetrics(
            event_label_list=list(LABELS), t_collar=collar, percentage_of_length=OFFSET_SHARE
        )
        for number, (there, heard) in enumerate(zip(truth, found, strict=True)):
            metrics.evaluate(_listed(there, number), _listed(heard, number))
        overall, by_class = metrics.results_overall_metrics(), metrics.results_class_wise_metrics()
        figures[f"{collar:g} s"] = {
            "f1": _number(overall["f_measure"]["f_measure"]),
            "precision": _number(overall["f_measure"]["precision"]),
            "recall": _number(overall["f_measure"]["recall"]),
            "macro_f1": _number(metrics.results_class_wise_average_metrics()["f_measure"]["f_measure"]),
            "labels": {label: _number(by_class[label]["f_measure"]["f_measure"]) for label in LABELS},
        }
    return figures


def strangers_per_minute(truth: Sequence[Sequence[Event]], found: Sequence[Sequence[Event]]) -> float:
    """Found events a minute of labels that are not of any sound in the mixture, nor above or below one; not Speech."""
    count = 0
    for there, heard in zip(truth, found, strict=True):
        fitting = {"Speech"}
        for label in {event.label for event in there}:
            fitting |= ancestors(label) | labels_below(label)
            fitting |= {below for above in ancestors(label) for below in labels_below(above) if above in _NEAR}
        count += sum(event.label not in fitting for event in heard)
    return count / (len(truth) * SECONDS / 60)


# A rooster is a fowl; rain and waves are water; a clock's tick is a clock's.
_NEAR = ("Fowl", "Water", "Clock")


def psds(truth: Sequence[Sequence[Event]], tracks: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Polyphonic sound detection score, scenario 1 of DCASE 2021 (https://dcase.community/challenge2021).

    Args:
        tracks: per mixture, where each step ends and begins `(steps + 1,)` in seconds, and scores `(steps, LABELS)`.
    """
    import pandas
    from sed_scores_eval import intersection_based
    from sed_scores_eval.base_modules.scores import create_score_dataframe

    scores = {
        str(number): create_score_dataframe(values, times, event_classes=list(LABELS))
        for number, (times, values) in enumerate(tracks)
    }
    ground_truth = {str(n): [(e.start, e.end, e.label) for e in there] for n, there in enumerate(truth)}
    value, *_ = intersection_based.psds(
        scores,
        ground_truth,
        pandas.DataFrame({"filename": list(scores), "duration": SECONDS}).set_index("filename")["duration"].to_dict(),
        dtc_threshold=0.7,
        gtc_threshold=0.7,
        cttc_threshold=None,
        alpha_ct=0.0,
        alpha_st=1.0,
        max_efpr=100.0,
        time_decimals=6,
    )
    return float(value)


def _listed(events: Sequence[Event], number: int) -> MetaDataContainer:
    return MetaDataContainer(
        [
            {"filename": str(number), "event_label": event.label, "onset": event.start, "offset": event.end}
            for event in events
            if event.label in LABELS
        ]
    )


def _number(value: float) -> float:
    return 0.0 if value is None or np.isnan(value) else float(value)
