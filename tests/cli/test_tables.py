"""Tables on standard output."""

import pytest

from whisper_at_hf.cli.tables import print_number_table, print_table


@pytest.mark.parametrize("show", [print_table, print_number_table])
def test_cells_are_shown_as_they_are(show, capsys):
    show([("label", "AP"), ("[bold]rain", "0.5"), ("Waves, surf", "")])
    shown = capsys.readouterr()
    assert "[bold]rain" in shown.out and "Waves, surf" in shown.out and "0.5" in shown.out and shown.err == ""


def test_numbers_stand_to_the_right_under_a_title(capsys):
    print_number_table([("module", "size"), ("TLTR", "7"), ("AST", "86.6")], "Sizes")
    title, header, _, one, other = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert title.strip() == "Sizes" and header.split() == ["module", "size"]
    assert one.index("7") + 1 == other.index("86.6") + 4


@pytest.mark.parametrize("show", [print_table, print_number_table])
def test_cells_cannot_steer_the_terminal(show, capsys):
    show([("label", "AP"), ("\x1b[2Jrain\u202e\x07", "0.5")])
    assert not set("\x1b\u202e\x07") & set(capsys.readouterr().out)
