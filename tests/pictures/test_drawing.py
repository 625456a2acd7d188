"""The still picture: what is on it, where, and that no labels collide."""

from itertools import combinations

import numpy as np
import pytest
from sounds import RATE

from whisper_at_hf.pictures.contents import read_contents
from whisper_at_hf.pictures.drawing import WIDTH, draw

LONG_NAME = "Bird vocalization, bird call, bird song"


def drawn(result, audio=None, title="", kind="log-mel", **reading):
    figure = draw(read_contents(result, audio, **reading), title, kind)
    return figure, {axes.get_label(): axes for axes in figure.axes}


def texts(figure):
    """Everything that is written, with its place in dots."""
    figure.canvas.draw()
    found = [(text.get_text(), text.get_window_extent()) for text in _written(figure)]
    return [(text, place) for text, place in found if text]


def _written(figure):
    labels = [text for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for text in axis.get_ticklabels()]
    inside = [text for axes in figure.axes for text in (axes._left_title, *axes.texts)]
    return [text for text in (*figure.texts, *inside, *labels) if text.get_visible()]


def assert_nothing_collides(figure):
    written = texts(figure)
    assert len(written) > 10
    for (first, one), (second, other) in combinations(written, 2):
        overlap = min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(overlap) <= 0.5, (first, second)
    for text, place in written:
        assert place.x0 >= 0 and place.x1 <= figure.bbox.x1, text
        assert place.y0 >= 0 and place.y1 <= figure.bbox.y1, text


def test_panels_share_the_time(result, sound):
    figure, panels = drawn(result, sound, title="Title")
    assert list(panels) == ["Sound", "Text", "Scores", "score", "Events"]
    time = [axes for name, axes in panels.items() if name != "score"]
    assert {axes.get_xlim() for axes in time} == {(0, 10)}
    assert len({(axes.get_position().x0, axes.get_position().x1) for axes in time}) == 1
    figure.canvas.draw()
    assert [tick.get_text() for tick in panels["Events"].get_xticklabels()][::5] == ["0:00", "0:05", "0:10"]
    assert not any(tick.get_text() for tick in panels["Scores"].get_xticklabels())


def test_events_are_bars_at_their_times(result):
    _, panels = drawn(result)
    bars = [path.get_extents() for bars in panels["Events"].collections for path in bars.get_paths()]
    np.testing.assert_allclose([(bar.x0, bar.x1) for bar in bars], [(0, 6), (4, 5.2), (6, 8)])
    names = [tick.get_text() for tick in panels["Events"].get_yticklabels()]
    assert names == ["Speech", "Dog", LONG_NAME]
    assert [int(bar.y0) for bar in bars] == [0, 1, 2]


def test_scores_are_colors_in_rows(result):
    _, panels = drawn(result)
    mesh = panels["Scores"].collections[0]
    assert mesh.get_array().shape == (3, 25) and mesh.get_clim() == (0, 1)
    np.testing.assert_array_equal(mesh.get_array()[1], result["event_scores"]["scores"][:, 1])


def test_text_stands_where_it_is_said(result):
    _, panels = drawn(result)
    assert [(text.get_text(), int(2 * text.get_position()[0]) / 2) for text in panels["Text"].texts] == [
        ("Good dog.", 0.5),
        ("Sit!", 5.0),
    ]


@pytest.mark.parametrize(
    ("left_out", "panels"),
    [
        (("chunks", "text"), ["Scores", "score", "Events"]),
        (("event_scores", "audio_tags"), ["Text", "Events"]),
        (("audio_events",), ["Text", "Scores", "score"]),
    ],
)
def test_what_is_missing_has_no_panel(result, left_out, panels):
    assert list(drawn({key: value for key, value in result.items() if key not in left_out})[1]) == panels


def test_sound_alone(sound):
    for kind, drawing in (("log-mel", "images"), ("waveform", "patches")):
        _, panels = drawn({}, sound, kind=kind)
        assert list(panels) == ["Sound"]
        assert len(getattr(panels["Sound"], drawing)) == 1


@pytest.mark.parametrize("seconds", [10, 60, 200, 3600])
def test_no_labels_collide(make_result, seconds):
    figure, panels = drawn(make_result(seconds), title="Title " * 40)
    assert ("Text" in panels) == (seconds < 1000)
    assert_nothing_collides(figure)


def test_words_one_by_one_are_read_as_text():
    words = [{"text": f" word{number}", "timestamp": (number / 3, (number + 1) / 3)} for number in range(90)]
    figure, panels = drawn({"chunks": words})
    assert_nothing_collides(figure)
    shown = " ".join(text.get_text() for text in panels["Text"].texts)
    assert shown.split() == [f"word{number}" for number in range(90)]


def test_dollars_are_no_formulas_and_long_labels_are_cut(result):
    broken = r"$\frac$"  # as a formula, it cannot be drawn
    result["chunks"][0]["text"] = result["event_scores"]["labels"][2] = broken
    result["audio_events"][1]["label"] = "Long " * 30
    figure, _ = drawn(result, title=broken)
    assert_nothing_collides(figure)
    written = [text for text, _ in texts(figure)]
    assert written.count(broken) == 3
    assert any(text.startswith("Long Long") and text.endswith("…") for text in written)


def test_letters_are_readable_at_1200_dots(result, sound):
    figure, _ = drawn(result, sound)
    assert figure.get_size_inches()[0] == WIDTH
    sizes = {text.get_fontsize() for text in _written(figure)}
    assert min(sizes) >= 9


def test_languages_that_the_font_lacks(result, recwarn):
    result["chunks"][0]["text"] = " 今日はとても良い天気です"
    drawn(result)
    assert not recwarn.list


@pytest.mark.long
def test_an_hour_has_no_more_columns_than_dots(make_result):
    noise = np.random.default_rng(0).standard_normal(3600 * RATE, dtype=np.float32)
    _, panels = drawn(make_result(3600), noise)
    assert panels["Scores"].collections[0].get_array().shape == (4, 1000)
    assert panels["Sound"].images[0].get_array().shape == (80, 1000)
    (density,) = panels["Text, letters a second"].patches
    assert max(density.get_data().values) > 3 * min(density.get_data().values)


def test_halves_of_letters_and_control_characters_are_drawn(result):
    result["chunks"][0]["text"] = result["audio_events"][1]["label"] = "a\ud800\0b"
    figure, _ = drawn(result, title="a\ud800\0b")
    assert [text for text, _ in texts(figure)].count("a\ufffdb") == 3
