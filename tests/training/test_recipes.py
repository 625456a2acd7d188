"""Presets, recipe files and flags: which wins, and what is refused."""

import json
from pathlib import Path

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.training import parse_arguments, presets
from whisper_at_hf.training.recipes import parse_command_line

OUTPUT = ["--output_dir", "run", "--use_cpu"]
RECIPES = Path(__file__).parents[2] / "recipes"


# Twenty lists, each of twice the one before: 2 million values.
LAUGHS = ", ".join(f"&a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, 20))


@pytest.fixture
def recipe(tmp_path):
    def recipe(text, name="recipe.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return recipe


def test_flags_win_over_values_over_the_file_over_the_preset(recipe):
    path = recipe("learning_rate: 0.02\nnum_train_epochs: 7\nmixup_rate: 0.25\n")
    _, _, args = parse_arguments(
        [*OUTPUT, "--learning-rate", "0.04"], "audioset-2m", path, learning_rate=0.03, num_train_epochs=8, seed=None
    )
    assert (args.learning_rate, args.num_train_epochs, args.mixup_rate) == (0.04, 8, 0.25)
    assert args.time_mask_steps == 10  # of the preset
    assert args.seed == 42  # None counts as not given


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_recipes_of_this_repository_can_be_read(path):
    data, head, args = parse_arguments(OUTPUT, config=path)
    assert head.window_length_s > 0 and args.num_train_epochs > 0 and (data.labels or data.label_column)


def test_a_recipe_can_start_from_a_preset(recipe):
    _, _, args = parse_arguments(OUTPUT, config=recipe("preset: audioset-20k\nmixup-rate: 0.1\n"))
    assert (args.mixup_rate, args.lr_decay_factor) == (0.1, 0.75)


def test_a_given_head_keeps_its_shape_against_presets_but_not_against_flags(recipe):
    _, fresh, _ = parse_arguments(OUTPUT, "esc50")
    assert (fresh.projection_dim, fresh.projection_per_layer) == (64, True)
    in_file = recipe("preset: esc50\ninit_head: trained\n")
    for given in (
        lambda flags: parse_arguments([*flags, "--init-head", "trained"], "custom"),
        lambda flags: parse_arguments(flags, "esc50", init_head="trained"),
        lambda flags: parse_arguments(flags, config=in_file),
    ):
        _, head, args = given(OUTPUT)
        assert (head.init_head, head.projection_dim, head.projection_per_layer) == ("trained", None, False)
        assert args.mixup_rate == 0.5  # the rest of the preset stays
        assert given([*OUTPUT, "--projection_dim", "32"])[1].projection_dim == 32


def test_json_and_yaml_say_the_same(recipe):
    values = {"train": ["a.csv", "b.csv"], "learning_rate": 0.01, "on_the_fly": True, "data_dependent_init": False}
    values |= {"lr_scheduler_kwargs": {"min_lr": 1e-5}, "seeds": [1, 2]}
    yaml = "train: [a.csv, b.csv]\nlearning_rate: 1e-2\non_the_fly: true\ndata_dependent_init: false\nseeds: [1, 2]\n"
    paths = recipe(json.dumps(values), "r.json"), recipe(yaml + "lr_scheduler_kwargs: {min_lr: 1.0e-5}\n")
    for path in paths:
        data, head, args = parse_arguments(OUTPUT, config=path)
        assert data.train == ["a.csv", "b.csv"] and data.on_the_fly and data.seeds == [1, 2]
        assert head.data_dependent_init is False
        assert args.learning_rate == 0.01 and args.lr_scheduler_kwargs == {"min_lr": 1e-5}


def test_one_value_does_for_a_list(recipe):
    data, _, _ = parse_arguments(OUTPUT, config=recipe("train: a.csv\nseeds: 3\nvalidation: []\n"))
    assert (data.train, data.seeds, data.validation) == (["a.csv"], [3], [])


def test_null_stands_for_a_default_that_is_nothing(recipe):
    _, _, args = parse_arguments(OUTPUT, "audioset-2m", recipe("lr_decay_factor: null\n"))
    assert args.lr_decay_factor is None
    with pytest.raises(InputError, match="learning_rate without a value"):
        parse_arguments(OUTPUT, config=recipe("learning_rate:\n"))


def test_paths_are_looked_for_beside_the_recipe(recipe, tmp_path):
    for name in ("train.csv", "labels.txt", "speech", "audioset"):
        (tmp_path / name).touch()
    text = "train: [train.csv, owner/data]\nlabels: labels.txt\nspeech: speech\nwhisper: openai/whisper-base\n"
    data, _, _ = parse_arguments(OUTPUT, config=recipe(text))
    assert data.train == [str(tmp_path / "train.csv"), "owner/data"]
    assert data.labels == str(tmp_path / "labels.txt") and data.speech == str(tmp_path / "speech")
    assert data.whisper == "openai/whisper-base"
    data, _, _ = parse_arguments(OUTPUT, config=recipe("labels: audioset\n"))
    assert data.labels == "audioset"


@pytest.mark.parametrize(
    "text, message",
    [
        ("learnin_rate: 1\n", "learnin_rate"),
        ("1: 2\n", "names what no run knows: 1"),
        ("- a\n- b\n", "no names with values"),
        ("", "no names with values"),
        ("a: [1\n", "cannot be read"),
        ("preset: nope\n", "no preset 'nope'"),
        ("learning_rate: fast\n", "learning_rate"),
        ("learning_rate: [1, 2]\n", "learning_rate|does not know what to do with 2"),
        ("learning_rate: .nan\n", "learning_rate"),
        ("extra_padding: left\n", "extra_padding"),
        ("seeds: [1, two]\n", "seeds"),
        ("on_the_fly: perhaps\n", "on_the_fly|ruthy"),
        ("projection_dim: 51.5\n", "projection_dim"),
        ("[" * 5000, "cannot be read"),
        ("seed: 2001-99-99\n", "cannot be read"),
        (f"train: [&a0 [x, x], {LAUGHS}]\n", "more than 10000 values"),
        ("labels: &a [*a]\n", "more than 10000 values"),
    ],
)
def test_a_wrong_recipe_is_refused_in_one_sentence(recipe, text, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_arguments(OUTPUT, config=recipe(text))
    assert "\n" not in str(caught.value)


def test_a_missing_recipe_is_refused(tmp_path):
    with pytest.raises(InputError, match="none.yaml"):
        parse_arguments(OUTPUT, config=tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--foo", "1"], "--foo 1"),
        (["clips.csv"], "clips.csv"),
        (["--learning_rate", "fast"], "learning_rate"),
        (["--learning_rate"], "learning_rate"),
        (["--learn", "1"], "--learn"),
        (["--eval_strategy", "sometimes"], "sometimes"),
        (["--save_strategy", "no", "--early_stopping_patience", "3"], "save and eval strategy.*No|NO"),
        (["--mixup_rate", "3"], "mixup_rate=3"),
    ],
)
def test_wrong_flags_are_refused_in_one_sentence(flags, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_arguments([*OUTPUT, *flags])
    assert "\n" not in str(caught.value)


def test_the_output_must_be_named():
    with pytest.raises(InputError, match="--output"):
        parse_arguments(["--use_cpu"])


@pytest.mark.parametrize("name", presets())
def test_every_preset_makes_a_run(name):
    parse_arguments(OUTPUT, name)


def test_audioset_2m_is_the_papers_recipe():
    """run_as_full_train.sh and traintest.py of https://github.com/YuanGongND/whisper-at."""
    data, head, args = parse_arguments(OUTPUT, "audioset-2m")
    assert (data.labels, data.problem_type) == ("audioset", "multi_label_classification")
    assert (head.window_length_s, head.input_padding) == (10.0, "trim")
    assert (args.adam_beta1, args.adam_beta2, args.weight_decay) == (0.95, 0.999, 5e-7)
    assert (args.per_device_train_batch_size, args.learning_rate, args.num_train_epochs) == (48, 1e-4, 50)
    assert (args.lr_decay_factor, args.lr_decay_start_epoch, args.lr_decay_every) == (0.75, 15, 5)
    assert (args.mixup_rate, args.mixup_beta, args.time_mask_steps) == (0.5, 10, 10)
    assert (args.label_smoothing_factor, args.balanced_sampling, args.epoch_share) == (0.1, True, 0.1)
    assert args.weight_averaging_start == 0.5


def test_the_command_line_takes_preset_recipe_and_flags(recipe):
    path = recipe("num_train_epochs: 3\n")
    data, _, args = parse_command_line(["audioset-20k", str(path), "--train", "a.csv", *OUTPUT])
    assert (data.train, args.num_train_epochs, args.mixup_rate) == (["a.csv"], 3, 0.5)
    data, _, args = parse_command_line(["--train", "a.csv", "b.csv", *OUTPUT])
    assert (data.train, args.mixup_rate) == (["a.csv", "b.csv"], 0.0)


def test_help_lists_every_flag(capsys):
    with pytest.raises(SystemExit) as left:
        parse_command_line(["--help"])
    assert left.value.code == 0
    assert {"--init_head", "--mixup_rate", "--learning_rate"} <= set(capsys.readouterr().out.replace(",", " ").split())


def test_what_can_be_no_path_stays_what_it_is(recipe):
    long = "x" * 10_000
    assert parse_arguments(OUTPUT, config=recipe(f"train: {long}\n"))[0].train == [long]
