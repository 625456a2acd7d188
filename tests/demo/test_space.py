"""The folder for a Space holds what the hub asks for, and its app.py builds the page."""

import runpy

import gradio
import pytest
import yaml

from whisper_at_hf import InputError
from whisper_at_hf.demo import Limits, build_demo, write_space


def test_the_readme_says_what_the_hub_asks_for(tmp_path):
    folder = write_space(tmp_path / "new" / "space")
    front, _, text = (folder / "README.md").read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
    settings = yaml.safe_load(front)
    assert settings["sdk"] == "gradio" and settings["sdk_version"] == gradio.__version__
    assert settings["app_file"] == "app.py" and (folder / "app.py").is_file()
    assert settings["license"] == "apache-2.0" and "whisper-at demo" in text
    assert (folder / "requirements.txt").read_text().startswith("whisper-at-hf[demo]")


@pytest.mark.real
@pytest.mark.long
def test_its_app_builds_the_page(tmp_path, default_model, monkeypatch):
    monkeypatch.setenv("WHISPER_AT_CACHE", str(default_model.parent))
    write_space(tmp_path, limits=Limits(max_mb=5, max_minutes=2))
    app = runpy.run_path(str(tmp_path / "app.py"), run_name="app")
    assert isinstance(app["demo"], gradio.Blocks) and app["limits"] == Limits(5, 2)
    assert {"transcribe", "captions"} <= {function.api_name for function in app["demo"].fns.values()}


def test_names_of_models_are_texts_in_it(tmp_path):
    evil = "user/base'); import os; ('"
    write_space(tmp_path, models=[evil])
    made = {}
    code = (tmp_path / "app.py").read_text(encoding="utf-8").replace("build_demo(", "made.update(models=")
    exec(code.replace(", limits)", ")"), {"made": made, "__name__": "app"})
    assert made == {"models": [evil]}


def test_folders_of_this_machine_are_no_models_of_a_space(tmp_path):
    with pytest.raises(InputError, match="lies on this machine.*push it to the hub"):
        write_space(tmp_path / "space", models=[str(tmp_path)])
    assert not (tmp_path / "space").exists()


@pytest.mark.parametrize("models", ["user/base", 5, [5], [None]])
def test_models_are_a_list_of_names(tmp_path, models):
    for use in (lambda: write_space(tmp_path / "space", models), lambda: build_demo(models)):
        with pytest.raises(InputError, match="models .*; pass a list of folders or hub ids"):
            use()
    assert not (tmp_path / "space").exists()


def test_a_very_long_name_is_no_folder(tmp_path):
    name = "x" * 5000
    assert name in (write_space(tmp_path, [name]) / "app.py").read_text()
    with pytest.raises(InputError, match="is neither a folder"):
        build_demo([name])
