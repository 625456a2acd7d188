"""Training in other processes: killed ones, two at once, and the module as a command."""

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file
from subprocesses import run_python
from torch.testing import assert_close

HERE = Path(__file__).parent


@pytest.fixture
def data(clips, whisper_folder):
    def data(train, validation):
        short = ["--whisper", whisper_folder, "--window_length_s", 1.2, "--disable_tqdm", "--use_cpu"]
        return ["--train", clips / train, "--validation", clips / validation, *short]

    return data


RECIPE = """--num_train_epochs 5 --per_device_train_batch_size 6 --mixup_rate 0.5 --time_mask_steps 2 --dropout 0.1
    --label_smoothing_factor 0.1 --balanced_sampling --refit""".split()


@pytest.mark.long
@pytest.mark.parametrize("kills", [4, pytest.param(10, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_ends_with_the_same_head(data, tmp_path, kills):
    done = run_python(HERE / "killed_training.py", tmp_path, kills, *data("multi.csv", "multi-val.csv"), *RECIPE)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    whole, killed = (json.loads((tmp_path / name / "results.json").read_text()) for name in ("whole", "killed"))
    assert whole["validation"] == killed["validation"] and whole["label_table"] == killed["label_table"]
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {
        path.name for path in (tmp_path / "whole").iterdir()
    }


@pytest.mark.slow
def test_two_processes_learn_as_one_does(data, cache_folder, tmp_path):
    """Half the batch each, in a fixed order and without augmentation: the same losses within float error."""
    order = ["--train_sampling_strategy", "sequential", "--logging_strategy", "steps", "--logging_steps", 1]
    flags = [*data("train.csv", "val.csv"), *order, "--num_train_epochs", 3, "--cache_dir", cache_folder]
    # "--multi_gpu" is how accelerate starts several processes, GPU or not; "--cpu" starts one unless mpirun does.
    launch = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", 2, "--main_process_port", 0)
    curves = []
    for name, batch, start in (("one", 6, ()), ("two", 3, launch)):
        own = ["--output_dir", tmp_path / name, "--per_device_train_batch_size", batch]
        done = run_python(*start, HERE / "loss_curve.py", tmp_path / f"{name}.json", *flags, *own)
        assert done.returncode == 0, done.stderr
        curves.append(json.loads((tmp_path / f"{name}.json").read_text()))
    one, two = curves
    assert (one["processes"], two["processes"]) == (1, 2)
    assert len(one["losses"]) == 9
    # Logged losses are rounded to four digits.
    assert two["losses"] == pytest.approx(one["losses"], abs=2e-4)
    assert two["eval_loss"] == pytest.approx(one["eval_loss"], abs=1e-4)
    heads = [load_file(tmp_path / name / "model.safetensors") for name in ("one", "two")]
    for name, value in heads[0].items():
        assert_close(heads[1][name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.long
def test_the_module_is_a_command(data, cache_folder, tmp_path):
    (tmp_path / "recipe.yaml").write_text("num_train_epochs: 2\n")
    flags = [*data("train.csv", "val.csv"), "--cache_dir", cache_folder]
    done = run_python(
        "-m", "whisper_at_hf.training", "custom", tmp_path / "recipe.yaml", *flags, "--output_dir", tmp_path / "run"
    )
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout and "Traceback" not in done.stderr
    assert (tmp_path / "run" / "results.json").is_file()


@pytest.mark.long
def test_the_module_says_in_one_sentence_what_is_wrong():
    done = run_python("-m", "whisper_at_hf.training", "--output_dir", "unused", "--learnin_rate", "1")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("error: ") and "Traceback" not in done.stderr
    assert "--learnin_rate" in done.stderr and done.stdout == ""
