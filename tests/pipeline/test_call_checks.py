"""What a call can be told is found right or wrong before any audio is read."""

import pytest
import torch
from tiny import MELS, head_config, tiny_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf import InputError, WhisperATForAudioClassification
from whisper_at_hf.pipeline import WhisperATPipeline


@pytest.fixture(scope="module")
def tagger():
    model = tiny_model(WhisperATForAudioClassification, heads={"default": head_config(window_length_s=0.8)})
    extractor = WhisperFeatureExtractor(feature_size=MELS, chunk_length=2)
    return WhisperATPipeline(model, feature_extractor=extractor, tokenizer=None, device="cpu")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"topk": 3}, "'topk' is no parameter of this pipeline or of generate: did you mean 'top_k'?"),
        ({"qqqqqq": 3}, "'qqqqqq' is no parameter of this pipeline or of generate: leave it out."),
        ({"generate_kwargs": {"num_beam": 3}}, "did you mean 'num_beams'?"),
        ({"generate_kwargs": "x"}, "generate_kwargs='x' is no dict"),
        ({"return_text": "no"}, "return_text='no' is neither True nor False"),
        ({"return_tags": "no"}, "return_tags='no' is neither True nor False"),
        ({"return_timestamps": "char"}, "return_timestamps='char' is unknown"),
        ({"return_timestamps": [1, 2]}, "return_timestamps=[1, 2] is unknown"),
        ({"chunk_length_s": "x"}, "chunk_length_s='x' is not a number of seconds"),
        ({"chunk_length_s": float("nan")}, "chunk_length_s=nan is not a number of seconds"),
        ({"stride_length_s": (1, "x")}, "stride_length_s='x' is not a number of seconds"),
        ({"chunk_length_s": 0.01}, "chunk_length_s=0.01 is too short for words; use at least 1 s, or leave it out."),
        ({"generate_kwargs": {"temperature": "x"}}, "temperature='x' is no temperature; use a number from 0 on"),
        ({"generate_kwargs": {"temperature": (0.0, -0.2)}}, "temperature=(0.0, -0.2) is no temperature"),
        ({"generate_kwargs": {"temperature": []}}, "temperature=[] is no temperature"),
        ({"generate_kwargs": {"num_beams": 0}}, "num_beams=0 is not a number of beams; use a whole number from 1 on."),
        ({"generate_kwargs": {"max_new_tokens": "9"}}, "max_new_tokens='9' is not a number of tokens"),
        ({"generate_kwargs": {"logprob_threshold": "x"}}, "logprob_threshold='x' is not a number; use one, or None."),
        ({"generate_kwargs": {"repetition_penalty": -1}}, "repetition_penalty=-1 is not a number above 0; use one"),
        ({"generate_kwargs": {"repetition_penalty": "x"}}, "repetition_penalty='x' is not a number above 0"),
        ({"generate_kwargs": {"max_time": 0}}, "max_time=0 is not a number above 0; use one, or None."),
        ({"generate_kwargs": {"min_length": "x"}}, "min_length='x' is not a number of tokens; use a whole number"),
        (
            {"generate_kwargs": {"num_return_sequences": 3, "num_beams": 2}},
            "num_return_sequences=3 is more than num_beams=2; use no more texts than beams.",
        ),
        ({"generate_kwargs": {"early_stopping": "x"}}, "early_stopping='x' is unknown; use True or False or 'never'."),
        ({"generate_kwargs": {"prompt_condition_type": []}}, "prompt_condition_type=[] is unknown; use 'first-s"),
        ({"generate_kwargs": {"prompt_ids": [1, 2]}}, "prompt_ids is not a tensor of tokens; use processor.get_prom"),
        ({"generate_kwargs": {5: 1}}, "5 is no parameter of this pipeline or of generate: leave it out."),
        ({"generate_kwargs": {"task": 5}}, "task=5 is unknown; use 'transcribe' or 'translate'."),
        ({"temperature": "x"}, "temperature='x' is no temperature"),
        ({"max_new_tokens": -1}, "max_new_tokens=-1 is not a number of tokens; use a whole number from 1 on."),
        ({"at_time_res": 10**400}, "is not a number of seconds"),
        ({"batch_size": 0}, "batch_size=0 is not a number of windows; use a whole number from 1 on."),
        ({"batch_size": 2.5}, "batch_size=2.5 is not a number of windows"),
        ({"num_workers": -1}, "num_workers=-1 is not a number of processes; use a whole number from 0 on."),
    ],
)
def test_what_cannot_be_right_is_named(tagger, parameters, message):
    for call in (tagger.check, lambda **options: tagger("does-not-exist.wav", **options)):
        with pytest.raises(InputError) as caught:
            call(**parameters)
        assert message in str(caught.value)


def test_what_can_be_right_passes(tagger):
    generate_kwargs = {"num_beams": 2, "language": "en", "temperature": (0.0, 0.2), "no_speech_threshold": 0.6}
    tagger.check(generate_kwargs=generate_kwargs, top_k=3, threshold=0.1, batch_size=4, num_workers=1)
    tagger.check(generate_kwargs={"temperature": 0, "num_beams": None, "logprob_threshold": None}, chunk_length_s=0)
    prompted = {"prompt_ids": torch.tensor([1, 2]), "early_stopping": "never", "num_return_sequences": 2}
    tagger.check(generate_kwargs={**prompted, "num_beams": 2, "repetition_penalty": 1.2, "max_time": 5})
    tagger.check(chunk_length_s=2, stride_length_s=(0.2, 0.2), return_timestamps=True, max_new_tokens=5, at_hop=0.4)
