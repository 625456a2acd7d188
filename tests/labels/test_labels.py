import pytest

from whisper_at_hf.labels import audioset_labels, audioset_mids


def test_there_are_527_different_labels():
    assert len(set(audioset_labels())) == len(set(audioset_mids())) == 527


@pytest.mark.parametrize(
    ("index", "mid", "name"),
    # From https://research.google.com/audioset/ontology/ and the published class_labels_indices.csv.
    [
        (0, "/m/09x0r", "Speech"),
        (74, "/m/0bt9lr", "Dog"),
        (137, "/m/04rlf", "Music"),
        (289, "/m/06mb1", "Rain"),
        (526, "/m/07hvw1", "Field recording"),
    ],
)
def test_order_is_the_original(index, mid, name):
    assert audioset_mids()[index] == mid
    assert audioset_labels()[index] == name


def test_names_with_commas_and_quotes_are_whole():
    for name in ("Waves, surf", "Baby cry, infant cry", "Crowing, cock-a-doodle-doo", "Male speech, man speaking"):
        assert name in audioset_labels()


def test_callers_cannot_change_the_labels():
    audioset_labels().clear()
    assert len(audioset_labels()) == 527
