"""Sound events of a file that comes in pieces, or in one, what is heard under its text, and text without a voice."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from transformers import WhisperFeatureExtractor

from ..events.decoding import Run
from ..events.speech_gate import MARGIN, voice_labels, voice_score
from ..events.track import EventTrack
from ..labels.ontology import expand
from ..model.configuration_whisper_at import TLTRConfig
from ..model.tagging import logits_to_scores, resolve_thresholds
from ..model.timeline import PooledWindow
from .event_request import EventRequest
from .options import TagOptions, known_groups
from .streamed_logits import StreamedLogits, TaggedStretch


class StreamedEvents:
    """Scores short windows, and reads off them what a request asks for.

    Args:
        model: with heads.
        tags: says which heads, labels and thresholds.
        request: what is asked for.
        extractor: of the sound that the encoder's windows were made from.
    """

    def __init__(self, model: Any, tags: TagOptions, request: EventRequest, extractor: WhisperFeatureExtractor):
        self.tags, self.request, self.options = tags, request, request.options
        self._configs = {name: model.get_head(name).config for name in tags.used_heads(model)}
        self._default = model.config.default_head
        self._tracks = {name: self._track(config) for name, config in self._configs.items()}
        self._logits = StreamedLogits(model, list(self._configs), self.options.window, self.options.hop, extractor)
        # A score stands for the hop in the middle of its window; the first one for what comes before that, too.
        self._lead = round((self.options.window - self.options.hop) / 2 / self.options.hop)
        self._rate = extractor.sampling_rate
        self._scores_given = 0

    def add(self, windows: Sequence[PooledWindow], num_samples: int, text: Mapping[str, Any]) -> dict[str, Any]:
        """Take the next stretch, see `StreamedLogits.add`.

        Args:
            text: what was said in it, with `chunks` where the request needs them.

        Returns:
            `text` as the gate leaves it, its chunks with `tags`; and the events that are over by now.
        """
        stretch = self._logits.add(windows, num_samples)
        self._take(stretch)
        return self._result(text, stretch.end, is_last=False)

    def finish(self, windows: Sequence[PooledWindow], num_samples: int, text: Mapping[str, Any]) -> dict[str, Any]:
        """Take the last stretch, see `add` and `StreamedLogits.finish`; gives the rest."""
        duration = num_samples / self._rate
        self._take(self._logits.finish(windows, num_samples))
        self._end_tracks(duration)
        return self._result(text, duration, is_last=True)

    def _track(self, config: TLTRConfig) -> EventTrack:
        thresholds = resolve_thresholds(config, self.tags.thresholds_for(config)).double().numpy()
        chosen = self.tags.labels_for(config)
        if self.options.labels is not None:
            meant = set(expand(known_groups(self.options.labels, config), config.labels))
            chosen = meant if chosen is None else meant & set(chosen)
        return EventTrack(config.labels, thresholds, self.options, chosen)

    def _take(self, stretch: TaggedStretch) -> None:
        for name, logits in stretch.logits.items():
            scores = logits_to_scores(logits, self._configs[name].problem_type).numpy()
            if stretch.first_window == 0 and len(scores):
                scores = np.concatenate([np.repeat(scores[:1], self._lead, axis=0), scores])
            self._tracks[name].add(scores)

    def _end_tracks(self, duration: float) -> None:
        """Windows that reach past the end of the file do not count; the last one that does stands for the rest."""
        steps = max(1, math.ceil(duration / self.options.hop - 1e-6))
        whole = max(1, steps - math.ceil(self.options.window / self.options.hop - 1e-6) + 1)
        for track in self._tracks.values():
            track.end_at(steps, known=whole + self._lead)

    def _result(self, text: Mapping[str, Any], end: float, is_last: bool) -> dict[str, Any]:
        found = self._gated(text, end, is_last)
        if self.request.return_event_scores:
            found["event_scores"] = self._new_scores()
        if self.request.shows_events and all("timestamp" in chunk for chunk in found.get("chunks", ())):
            runs = self._tracks[self._default].runs()
            if "chunks" in found:
                found["chunks"] = [self._with_tags(chunk, runs, end) for chunk in found["chunks"]]
        over = {name: self._events(track, end, is_last) for name, track in self._tracks.items()}
        if self.request.shows_events:
            found["audio_events"] = over[self._default]
            if self.tags.heads:
                found["events_by_head"] = {name: over[name] for name in self.tags.heads}
        return found

    def _gated(self, text: Mapping[str, Any], end: float, is_last: bool) -> dict[str, Any]:
        """The text without the chunks under which no head hears a voice."""
        if self.request.gate is None or "chunks" not in text:
            return dict(text)
        kept = [chunk for chunk in text["chunks"] if self._has_voice(*_bounds(chunk, end), is_last)]
        if len(kept) == len(text["chunks"]):
            return dict(text)
        return {**text, "text": "".join(chunk["text"] for chunk in kept), "chunks": kept}

    def _has_voice(self, start: float, end: float, is_last: bool) -> bool:
        """Whether a voice is heard there; what is going to be scored gets the benefit of the doubt."""
        for track in self._tracks.values():
            known = track.end_step * self.options.hop
            if start >= known and not is_last:
                return True
            # Whisper puts some of what it makes up behind the end of the sound.
            heard = track.between(min(start, known) - MARGIN, end + MARGIN)[:, voice_labels(track.labels)]
            if voice_score(heard, self.options.hop, end - start) >= self.request.gate:
                return True
        return False

    def _with_tags(self, chunk: dict[str, Any], runs: Sequence[Run], file_end: float) -> dict[str, Any]:
        """The chunk with the labels of the events under it, best first."""
        start, end = _bounds(chunk, file_end)
        track, hop = self._tracks[self._default], self.options.hop
        scores = track.between(start, end).max(axis=0, initial=0.0)
        # A sound that only touches a chunk is none of its own.
        least = min(hop, (end - start) / 2)
        under = {label for label, first, last, _ in runs if min(end, last * hop) - max(start, first * hop) >= least}
        tags = [{"label": track.labels[label], "score": float(scores[label])} for label in under]
        return {**chunk, "tags": sorted(tags, key=lambda tag: (-tag["score"], tag["label"]))}

    def _events(self, track: EventTrack, end: float, is_last: bool) -> list[dict[str, Any]]:
        """The events that are over now."""
        hop = self.options.hop
        return [
            {
                "label": track.labels[label],
                "timestamp": (round(first * hop, 3), round(min(last * hop, end) if is_last else last * hop, 3)),
                "score": score,
            }
            for label, first, last, score in track.settle(is_last)
        ]

    def _new_scores(self) -> dict[str, Any]:
        """The scores of the default head since those that were given before."""
        track, hop = self._tracks[self._default], self.options.hop
        begin, self._scores_given = self._scores_given, track.end_step
        return {
            "labels": track.labels,
            "times": (np.arange(begin, track.end_step) + 0.5) * hop,
            "scores": track.scores[begin - track.first_step :],
        }


def _bounds(chunk: Mapping[str, Any], file_end: float) -> tuple[float, float]:
    """Start and end in seconds; a chunk that lasts to the end says None."""
    start, end = chunk["timestamp"]
    return (file_end if start is None else start), (file_end if end is None else end)
