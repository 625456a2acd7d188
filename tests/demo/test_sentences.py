"""Errors reach the page as sentences, which are no HTML; what nobody foresaw is logged and not shown."""

import inspect

import gradio
import pytest

from whisper_at_hf import InputError
from whisper_at_hf.demo.sentences import UNEXPECTED, in_sentences


def test_bad_input_is_shown_as_it_is_but_not_as_html():
    @in_sentences
    def fail():
        raise InputError("No sound in '<b>.wav'.")

    with pytest.raises(gradio.Error) as caught:
        fail()
    assert caught.value.message == "No sound in &#x27;&lt;b&gt;.wav&#x27;."
    assert not caught.value.print_exception


def test_what_nobody_foresaw_is_logged_and_not_shown(caplog):
    @in_sentences
    def fail():
        raise ZeroDivisionError("/home/secret")

    with pytest.raises(gradio.Error) as caught:
        fail()
    assert caught.value.message == UNEXPECTED
    assert "ZeroDivisionError: /home/secret" in caplog.text and "demo's fail failed" in caplog.text


def test_the_function_keeps_what_the_api_says_of_it():
    @in_sentences
    def add(first, second):
        """Add."""
        return first + second

    assert add(1, 2) == 3
    assert add.__doc__ == "Add." and list(inspect.signature(add).parameters) == ["first", "second"]
