"""What a run can be told: values out of range, and values that would do nothing, are refused in one sentence."""

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.training import DataArguments, HeadArguments, TLTRTrainingArguments
from whisper_at_hf.training.arguments import check_together


def training(**values):
    return TLTRTrainingArguments(output_dir="unused", use_cpu=True, **values)


@pytest.mark.parametrize(
    "name, values",
    {
        "mixup_rate": [-0.1, 1.1, float("nan")],
        "label_smoothing_factor": [2.0],
        "distillation_weight": [-1.0],
        "epoch_share": [0.0, 1.5, float("nan")],
        "weight_averaging_start": [1.0, float("nan")],
        "mixup_beta": [0.0],
        "learning_rate": [0.0, -1.0, float("nan"), float("inf")],
        "num_train_epochs": [0.0, float("inf")],
        "per_device_train_batch_size": [0],
        "per_device_eval_batch_size": [-3],
        "gradient_accumulation_steps": [0],
        "adam_beta1": [2.0, -0.1, 1.0],
        "adam_beta2": [1.0, float("nan")],
        "adam_epsilon": [-1.0],
        "weight_decay": [float("nan"), -0.1],
        "max_grad_norm": [-1.0],
        "dataloader_num_workers": [-1],
        "save_strategy": ["best"],
        "lr_decay_every": [0],
        "lr_decay_factor": [0.0, -0.5, 1.5],
        "time_mask_steps": [-1],
        "seed": [-1, 2**32],
        "train_sampling_strategy": ["group_by_length"],
    }.items(),
)
def test_training_values_out_of_range_are_refused_by_name(name, values):
    for value in values:
        with pytest.raises(InputError, match=name):
            training(**{name: value})


@pytest.mark.parametrize(
    "name, value",
    [
        ("validation_share", 1.0),
        ("validation_share", -0.2),
        ("validation_share", float("nan")),
        ("gain_db", -1.0),
        ("speech_snr_db", float("inf")),
        ("noise_snr_db", float("nan")),
        ("seeds", [1, -2]),
    ],
)
def test_data_values_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(InputError, match=name):
        DataArguments(**{name: value})


@pytest.mark.parametrize("name, value", [("dropout", 1.0), ("attention_dropout", -0.1), ("projection_dim", 0)])
def test_head_values_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(InputError, match=name):
        HeadArguments(**{name: value})


@pytest.mark.parametrize("drawing", [{"balanced_sampling": True}, {"epoch_share": 0.5}])
def test_clips_in_order_are_not_drawn(drawing):
    with pytest.raises(InputError, match="train_sampling_strategy"):
        training(train_sampling_strategy="sequential", **drawing)


def test_an_empty_output_is_refused():
    with pytest.raises(InputError, match="output_dir"):
        TLTRTrainingArguments(output_dir="", use_cpu=True)


def test_a_negative_start_turns_averaging_off():
    assert training(weight_averaging_start=-1.0).weight_averaging_start is None


def test_early_stopping_keeps_the_best_weights():
    assert training(early_stopping_patience=3).load_best_model_at_end
    assert not training().load_best_model_at_end


def test_a_projection_per_layer_needs_a_projection():
    with pytest.raises(InputError, match="--projection_dim 64"):
        HeadArguments(projection_per_layer=True)
    assert HeadArguments(projection_per_layer=True, projection_dim=8).shape["projection_per_layer"]
    assert HeadArguments(projection_per_layer=True, init_head="trained").projection_dim is None


@pytest.mark.parametrize("value", ["False", "false", None])
def test_resume_can_be_turned_off_in_words(value):
    assert training(resume_from_checkpoint=value).resume_from_checkpoint is None


@pytest.mark.parametrize(
    "values, weight, message",
    [
        ({"train": []}, 0.0, "--train"),
        ({"teacher": "t.csv"}, 0.0, "--distillation_weight"),
        ({}, 0.5, "--teacher"),
        ({"speech": "speech"}, 0.0, "--on_the_fly"),
        ({"noise_snr_db": 10.0}, 0.0, "--on_the_fly"),
        ({"on_the_fly": True, "speech_label": "Speech"}, 0.0, "--speech"),
        ({"on_the_fly": True, "extra_padding": "pad"}, 0.0, "--extra_padding"),
    ],
)
def test_arguments_that_would_do_nothing_are_refused(values, weight, message):
    data = DataArguments(**{"train": ["a.csv"], **values})
    with pytest.raises(InputError, match=message):
        check_together(data, training(distillation_weight=weight))


def test_arguments_that_work_together_pass():
    check_together(DataArguments(train=["a.csv"]), training())
    data = DataArguments(train=["a.csv"], on_the_fly=True, speech="s", speech_label="Speech", teacher="t.csv")
    check_together(data, training(distillation_weight=0.5))
