"""No finished transcription is repeated, whenever the process was stopped."""

import os
import signal

import numpy as np
import pytest
import soundfile
from noisy_speech import FakeRecogniser, write_sounds, write_speech
from subprocesses import fork

from whisper_at_hf.analysis.robustness import transcriptions
from whisper_at_hf.analysis.robustness.material import Material
from whisper_at_hf.analysis.robustness.pairs import load_sounds, plan
from whisper_at_hf.analysis.robustness.speech_data import load_speech
from whisper_at_hf.analysis.robustness.transcriptions import TextStore, transcribe
from whisper_at_hf.errors import InputError

COUNT = 4 + 4 * 2 * 2  # four utterances, alone and over two classes at two ratios


@pytest.fixture
def pairs(tmp_path):
    speech, sounds = write_speech(tmp_path / "speech"), write_sounds(tmp_path / "sounds")
    return plan(load_speech(speech), load_sounds(str(sounds)), [0, -20])


@pytest.fixture
def material(pairs):
    material = Material()
    assert material.usable(pairs) == pairs
    return material


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_texts_come_in_the_order_of_the_pairs(pairs, material, cache):
    texts = transcribe(pairs, material, FakeRecogniser(), cache)
    assert texts == FakeRecogniser()([material.audio(pair) for pair in pairs])
    assert len(set(texts)) > 1


def test_an_interrupted_run_goes_on_where_it_was(pairs, material, cache):
    first, second = FakeRecogniser(fails_at=9), FakeRecogniser()
    with pytest.raises(KeyboardInterrupt):
        transcribe(pairs, material, first, cache)
    texts = transcribe(pairs, material, second, cache)
    assert len(first.heard) == 9 and len(second.heard) == COUNT - 9
    assert texts == transcribe(pairs, material, FakeRecogniser(fails_at=0), cache)  # which is never called


def test_after_a_kill_at_any_byte_of_a_write_no_whole_line_is_repeated(pairs, material, cache):
    transcribe(pairs, material, FakeRecogniser(), cache)
    (path,) = cache.iterdir()
    content = path.read_bytes()
    ends = [index for index in range(len(content)) if content[index : index + 1] == b"\n"]
    line = content[ends[5] : ends[6]]
    for cut in range(0, len(line) + 1, 7):
        path.write_bytes(content[: ends[5] + cut])
        again = FakeRecogniser()
        transcribe(pairs, material, again, cache)
        whole = 5 + (content[ends[5] : ends[5] + cut].strip() == line.strip())
        assert len(again.heard) == COUNT - whole
        assert set(path.read_bytes().splitlines()) >= set(content.splitlines())


def test_a_process_killed_in_a_batch_has_kept_all_the_batches_before(pairs, material, cache):
    class Killed(FakeRecogniser):
        def __call__(self, sounds):
            if len(self.heard) == 6:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(sounds)

    child = fork(lambda: transcribe(pairs, material, Killed(), cache))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    again = FakeRecogniser()
    transcribe(pairs, material, again, cache)
    assert len(again.heard) == COUNT - 6


def test_what_is_heard_decides_and_not_what_it_is_called(pairs, material, cache, tmp_path):
    transcribe(pairs, material, FakeRecogniser(), cache)
    for name in ("speech", "sounds"):
        (tmp_path / name).rename(tmp_path / f"other {name}")
    (tmp_path / "other speech" / "u1.wav").rename(tmp_path / "other speech" / "renamed.wav")
    table = tmp_path / "other speech" / "labels.csv"
    table.write_text(table.read_text().replace("u1.wav", "renamed.wav"))
    speech = load_speech(tmp_path / "other speech")
    # In the order that they had, which decides who gets which sound.
    speech.insert(1, speech.pop(0))
    moved = plan(speech, load_sounds(str(tmp_path / "other sounds")), [0, -20, -5])
    elsewhere, again = Material(), FakeRecogniser()
    transcribe(elsewhere.usable(moved), elsewhere, again, cache)
    assert len(again.heard) == 4 * 2  # the new ratio only


def test_another_sound_under_the_same_name_is_transcribed(pairs, material, cache, tmp_path):
    transcribe(pairs, material, FakeRecogniser(), cache)
    soundfile.write(tmp_path / "speech" / "u1.wav", 0.1 * np.ones(8000), 16_000)
    changed, again = Material(), FakeRecogniser()
    transcribe(changed.usable(pairs), changed, again, cache)
    assert len(again.heard) == 1 + 2 * 2


def test_another_recogniser_has_its_own_texts(pairs, material, cache):
    transcribe(pairs, material, FakeRecogniser("one"), cache)
    other = FakeRecogniser("two")
    transcribe(pairs, material, other, cache)
    assert len(other.heard) == COUNT and len(list(cache.iterdir())) == 2


def test_the_same_sound_under_two_names_is_transcribed_once(pairs, material, cache):
    recogniser = FakeRecogniser()
    assert transcribe(pairs + pairs, material, recogniser, cache) == 2 * transcribe(
        pairs, material, FakeRecogniser(), cache
    )
    assert len(recogniser.heard) == COUNT


def test_it_says_how_much_there_is_to_do_and_how_long_it_takes(pairs, material, cache, monkeypatch):
    lines = []
    # Each look at the clock is a second later: ten texts in a second.
    monkeypatch.setattr(transcriptions.time, "perf_counter", iter(range(9)).__next__)
    transcribe(pairs, material, FakeRecogniser(batch_size=5), cache, lines.append)
    assert lines == [
        f"fake: {COUNT} transcriptions, {COUNT} of them to make.",
        "fake: 10.0 a second, so less than a minute to go.",
    ]


def test_the_first_batches_are_spread_over_all_ratios(pairs, material, cache):
    order = [key for batch in transcriptions._trial_first([str(i) for i in range(100)], 5) for key in batch]
    assert order[:10] == ["0", "11", "22", "33", "44", "55", "66", "77", "88", "99"]
    assert sorted(map(int, order)) == list(range(100))
    assert order[10:] == sorted(order[10:], key=int)


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "less than a minute"), (400, "about 7 min"), (7300, "about 2 h 2 min")]
)
def test_clock(seconds, said):
    assert transcriptions.clock(seconds) == said


def test_a_cache_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="name another --cache"):
        TextStore(tmp_path / "file", "identity")


def test_unreadable_and_silent_clips_are_left_out_by_name(pairs, tmp_path):
    (tmp_path / "speech" / "u1.wav").write_text("no sound")
    dealt = {pair.sound for pair in pairs if pair.sound is not None and pair.sound.label == "dog"}
    soundfile.write(tmp_path / "sounds" / "dog" / "dog2.wav", np.zeros(100), 16_000)
    material = Material()
    usable = material.usable(pairs)
    assert set(material.failures) == {"u1", "dog/dog2.wav"} and len(dealt) == 4
    assert "is silent" in material.failures["dog/dog2.wav"]
    assert str(tmp_path) not in "".join(material.failures.values())
    lost = {pair for pair in pairs if pair.utterance.name == "u1" or (pair.sound and "dog2" in pair.sound.name)}
    assert usable == [pair for pair in pairs if pair not in lost]


def test_no_clip_is_left(pairs, tmp_path):
    for path in (tmp_path / "speech").glob("*.wav"):
        path.write_text("no sound")
    with pytest.raises(InputError, match="None of the speech and sounds can be used"):
        Material().usable(pairs)
