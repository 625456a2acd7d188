import pytest

from whisper_at_hf import InputError
from whisper_at_hf.training.run_folder import (
    checkpoint_folders,
    checkpoint_to_resume,
    is_complete,
    last_complete_checkpoint,
)


@pytest.fixture
def folder(tmp_path):
    """Checkpoints 5 and 100 complete, 20 cut off in its last file and 200 before it; and things of other names."""
    for step, state in ((5, "{}"), (100, '{"global_step": 100}'), (20, '{"global_st'), (200, None)):
        checkpoint = tmp_path / f"checkpoint-{step}"
        checkpoint.mkdir()
        if state is not None:
            (checkpoint / "trainer_state.json").write_text(state)
    (tmp_path / "checkpoint-best").mkdir()
    (tmp_path / "runs").mkdir()
    return tmp_path


def test_checkpoints_are_in_the_order_of_their_steps(folder):
    assert [path.name for path in checkpoint_folders(folder)] == [f"checkpoint-{step}" for step in (5, 20, 100, 200)]


def test_a_checkpoint_is_complete_with_its_last_file(folder):
    assert [is_complete(path) for path in checkpoint_folders(folder)] == [True, False, True, False]


def test_the_last_complete_one_counts(folder, tmp_path):
    assert last_complete_checkpoint(folder).name == "checkpoint-100"
    assert last_complete_checkpoint(tmp_path / "nowhere") is None


@pytest.mark.parametrize("chosen", [True, "True", "true"])
def test_true_means_the_last_complete_one(folder, chosen):
    assert checkpoint_to_resume(folder, chosen).name == "checkpoint-100"
    assert checkpoint_to_resume(folder / "runs", chosen) is None


@pytest.mark.parametrize("chosen", [None, False, "False", ""])
def test_nothing_means_a_new_run(folder, chosen):
    assert checkpoint_to_resume(folder, chosen) is None


def test_a_named_one_must_be_complete(folder):
    assert checkpoint_to_resume(folder, str(folder / "checkpoint-5")) == folder / "checkpoint-5"
    for name in ("checkpoint-200", "checkpoint-7"):
        with pytest.raises(InputError, match=name):
            checkpoint_to_resume(folder, str(folder / name))
