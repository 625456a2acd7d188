"""What models are called."""

from whisper_at_hf.analysis.tables import free_name, model_name


def test_the_last_part_of_a_folder_or_hub_id(tmp_path):
    (tmp_path / "my-model").mkdir()
    assert model_name("openai/whisper-base") == "whisper-base"
    assert model_name(tmp_path / "my-model") == model_name(f"{tmp_path}/other/../my-model/") == "my-model"


def test_a_taken_name_gets_the_first_free_number():
    names = []
    for name in ("w (2)", "w", "w", "w-x", "w"):
        names.append(free_name(name, names))
    assert names == ["w (2)", "w", "w (3)", "w-x", "w (4)"]
