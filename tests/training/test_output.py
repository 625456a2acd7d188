import pytest

from whisper_at_hf import InputError
from whisper_at_hf.files import write_json
from whisper_at_hf.training import TLTRTrainingArguments
from whisper_at_hf.training.run_folder import check_output, clear_output, finished_results, remove_checkpoints


@pytest.fixture
def arguments(tmp_path):
    def arguments(folder="run", **values):
        return TLTRTrainingArguments(output_dir=str(tmp_path / folder), use_cpu=True, **values)

    return arguments


@pytest.fixture
def folder(tmp_path):
    """A folder with a whole and a cut-off checkpoint, one of a second training, and two folds."""
    folder = tmp_path / "run"
    for name, state in (("checkpoint-1", "{}"), ("checkpoint-2", "{"), ("refit/checkpoint-1", "{}")):
        (folder / name).mkdir(parents=True)
        (folder / name / "trainer_state.json").write_text(state)
    for seed in (1, 2):
        (folder / "fold-a" / f"seed-{seed}").mkdir(parents=True)
        write_json(folder / "fold-a" / f"seed-{seed}" / "results.json", {})
    (folder / "notes.txt").write_text("mine")
    write_json(folder / "results.json", {"eval_accuracy": 1.0})
    return folder


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("text", [None, "", '{"eval'])
def test_results_that_are_not_whole_are_none(tmp_path, text):
    if text is not None:
        (tmp_path / "results.json").write_text(text)
    assert finished_results(tmp_path) is None


def test_a_new_or_an_unrelated_folder_will_do(arguments, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").touch()
    check_output(arguments())
    check_output(arguments("new/deep"))


def test_a_finished_run_is_not_written_over(arguments, folder):
    with pytest.raises(InputError, match="finished run.*--overwrite"):
        check_output(arguments())
    check_output(arguments(overwrite=True))
    check_output(arguments(resume_from_checkpoint="True"))


def test_an_unfinished_run_is_gone_on_with_or_overwritten(arguments, folder):
    (folder / "results.json").unlink()
    with pytest.raises(InputError, match="unfinished run.*--resume"):
        check_output(arguments())
    for checkpoint in folder.glob("checkpoint-*"):
        checkpoint.rename(folder / f"other-{checkpoint.name}")
    with pytest.raises(InputError, match="unfinished run"):  # of cross-validation
        check_output(arguments())


def test_going_on_and_overwriting_exclude_each_other(arguments, folder):
    with pytest.raises(InputError, match="one of them"):
        check_output(arguments(overwrite=True, resume_from_checkpoint="True"))


@pytest.mark.parametrize("name", ["file", "file/run", "file/deep/run"])
def test_a_file_in_the_way_is_named(arguments, tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=f"'{tmp_path}/file' is a file"):
        check_output(arguments(name, overwrite=True))


def test_overwriting_leaves_nothing_of_the_earlier_run(arguments, folder):
    clear_output(arguments(overwrite=True))
    assert names(folder) == {"notes.txt"}


def test_going_on_removes_only_what_was_cut_off(arguments, folder):
    before = names(folder)
    clear_output(arguments(resume_from_checkpoint="True"))
    assert before - names(folder) == {"checkpoint-2/trainer_state.json"}


def test_a_finished_run_keeps_no_checkpoints(folder):
    remove_checkpoints(folder)
    assert not any("checkpoint" in name for name in names(folder))
    assert "results.json" in names(folder) and "fold-a/seed-1/results.json" in names(folder)
