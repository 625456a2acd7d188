"""Where a sound goes: free time near it, a line above speech, free time later, nowhere."""

from dataclasses import replace

import pytest

from whisper_at_hf.captions import CaptionRules, Cue, Word
from whisper_at_hf.captions.placing import place_sounds
from whisper_at_hf.captions.sounds import Sound

LONG = "x" * 40 + "\n" + "y" * 40


def placed(speech, *sounds):
    cues, left = place_sounds([Cue(*cue) for cue in speech], [Sound(*sound) for sound in sounds], CaptionRules())
    return [(cue.start, cue.end, cue.text, cue.kind) for cue in cues], [sound.start for sound in left]


def dog(start, end):
    return (start, end, ("[dog barking]",), "sound")


@pytest.mark.parametrize(
    ("speech", "sound", "expected"),
    [
        ([], dog(100, 250), (1.0, 2.5, "[dog barking]", "sound")),
        ([], dog(0, 40), (0.0, 0.84, "[dog barking]", "sound")),  # long enough to be read
        ([], dog(100, 9000), (1.0, 4.0, "[dog barking]", "sound")),  # no longer than it takes
        ([(0, 2, "a"), (4, 6, "b")], dog(180, 200), (2.09, 2.93, "[dog barking]", "sound")),  # a little later
        ([(0, 1, "a"), (2, 6, LONG)], dog(150, 900), (1.09, 1.91, None, None)),
        ([(0, 1, LONG), (2.5, 6, LONG)], dog(180, 900), (1.57, 2.41, "[dog barking]", "sound")),  # a little earlier
        ([(0, 6, LONG), (7.5, 12, LONG)], dog(100, 900), (6.09, 7.41, "[dog barking]", "sound")),  # while it lasts
    ],
    ids="alone|short|long|after|no room|before|late".split("|"),
)
def test_free_time(speech, sound, expected):
    cues, left = placed(speech, sound)
    if expected[2] is None:
        assert len(cues) == len(speech) + 1 and left == [sound[0]] and cues[-1][0] > 6
    else:
        assert expected in cues and left == [sound[0]] * (expected[0] > sound[0] / 100 + 2)


def test_a_line_above_speech():
    cues, left = placed([(0, 6, "Who is there?")], dog(100, 250))
    assert cues == [(0, 6, "[dog barking]\nWho is there?", "speech")] and left == []


def test_words_move_with_their_line():
    cue = Cue(0, 6, "Who is?", words=(Word(0, 1, 0, 3), Word(1, 2, 4, 7)))
    (together,), _ = place_sounds([cue], [Sound(*dog(100, 250))], CaptionRules())
    assert [together.text[word.first : word.stop] for word in together.words] == ["Who", "is?"]
    assert replace(together, text=cue.text, words=cue.words) == cue


@pytest.mark.parametrize("speech", [(0, 9, LONG), (0, 2, "x" * 30)], ids=["no line is free", "too much to read"])
def test_no_place(speech):
    cues, left = placed([speech, (speech[1] + 0.09, 20, LONG)], dog(10, 50))
    assert [cue[2] for cue in cues] == [speech[2], LONG] and left == [10]


def test_sounds_are_told_one_after_the_other():
    cues, left = placed([], dog(100, 400), (150, 400, ("[rain]",), "sound"), (150, 400, ("[♪ music ♪]",), "music"))
    assert [cue[:3] for cue in cues] == [
        (1, 1.84, "[dog barking]"),
        (1.93, 2.77, "[rain]"),
        (2.86, 5.36, "[♪ music ♪]"),
    ]
    assert left == []
