"""A result of the pipeline as cues."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError
from .cue import Cue, Word
from .grouping import group_tokens, heard_within
from .lines import break_lines
from .placing import place_sounds
from .result_checks import check_result
from .rules import CaptionRules, own_rules
from .sounds import Sound, sounds_to_say
from .speech import Chunk, are_words, speech_chunks, speech_tokens
from .timing import Span, fit_times
from .token import Token

SPEECH, SDH = "speech", "sdh"
CAPTIONS = (SPEECH, SDH)


def make_cues(
    result: Mapping[str, Any],
    captions: str = SPEECH,
    rules: CaptionRules | None = None,
    wording: Mapping[str, str] | None = None,
) -> list[Cue]:
    """Captions of one file, in order of time, that keep to the field's rules.

    Args:
        result: the pipeline's, with `chunks` (segments or words), and `audio_events` for "sdh".
        captions: "speech", or "sdh" (for the deaf and hard of hearing) for speech and sounds.
        rules: limits to keep to; the field's if left out. Only the reading speed may be exceeded, where people speak
            faster: no word is left out (`broken_rules` says where).
        wording: what sounds are called, by label, for labels that are to be called otherwise; "" leaves a label out.

    Raises:
        InputError: an unknown kind of captions, a result without what they are made of or that no pipeline gives, or
            rules or wording that are none.
    """
    if captions not in CAPTIONS:
        raise InputError(f"captions={captions!r} is unknown; use 'speech' or 'sdh'.")
    check_result(result)
    if captions == SDH and result.get("audio_events") is None:
        raise InputError("This result has no sound events to caption; ask for them with return_events=True.")
    rules = own_rules(rules)
    chunks = speech_chunks(result)
    cues = _speech_cues(chunks, rules)
    if captions == SPEECH:
        return cues
    sounds = sounds_to_say(result["audio_events"], rules, wording)
    cues, late = place_sounds(cues, sounds, rules)
    if not late:
        return cues
    # Cut the speech anew, with a line left for each of them.
    roomier, still_late = place_sounds(_speech_cues(chunks, rules, late), sounds, rules)
    return roomier if len(still_late) < len(late) else cues


def _speech_cues(chunks: Sequence[Chunk], rules: CaptionRules, sounds: Sequence[Sound] = ()) -> list[Cue]:
    groups = group_tokens(speech_tokens(chunks, rules.line_characters), rules, sounds)
    timed = are_words(chunks)
    return [
        _cue(break_lines(group, rules.line_characters), times, timed)
        for group, times in zip(groups, fit_times([_span(group, sounds) for group in groups], rules), strict=True)
    ]


def _span(group: Sequence[Token], sounds: Sequence[Sound]) -> Span:
    start, end = group[0].start, group[-1].end
    heard = sum(sound.characters for sound in heard_within(sounds, start, end))
    return Span(start, end, _characters(group) + heard)


def _characters(group: Sequence[Token]) -> int:
    return sum(token.width + token.space for token in group) - group[0].space


def _cue(lines: Sequence[Sequence[Token]], times: tuple[int, int], timed: bool) -> Cue:
    text, words = "", []
    for line in lines:
        for token in line:
            text += ("\n" if text else "") if token is line[0] else " " * token.space
            words.append(Word(token.start / 100, token.end / 100, len(text), len(text) + len(token.text)))
            text += token.text
    return Cue(times[0] / 100, times[1] / 100, text, words=tuple(words) if timed else ())
