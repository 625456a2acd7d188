"""transformers' common model tests on plain Whisper and on our classes, with the same testers.

Run by `run.py`, which puts the package `tests` (transformers', from its source distribution) on `sys.path`.
"""

import unittest

from testers import TLTR_ARGUMENTS, WHISPER_ARGUMENTS, EncoderTester, Seq2SeqTester, TLTRTester
from tests.generation.test_utils import GenerationTesterMixin
from tests.test_configuration_common import ConfigTester
from tests.test_modeling_common import ModelTesterMixin
from transformers import (
    WhisperConfig,
    WhisperForAudioClassification,
    WhisperForConditionalGeneration,
    WhisperModel,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES,
    MODEL_MAPPING_NAMES,
)

from whisper_at_hf import (
    TLTRConfig,
    TLTRForAudioClassification,
    WhisperATConfig,
    WhisperATForAudioClassification,
    WhisperATForConditionalGeneration,
    WhisperATModel,
)

# The tests read from these tables what a class is for. They list transformers' own classes by name, so that a class
# registered from outside would pass for a model of unknown purpose.
MODEL_MAPPING_NAMES["whisper_at"] = "WhisperATModel"
MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES["whisper_at"] = "WhisperATForConditionalGeneration"
MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES["whisper_at"] = "WhisperATForAudioClassification"
MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES["tltr"] = "TLTRForAudioClassification"


def skip(**reasons: str):
    """Class decorator: do not run the tests of these names, and say why. A name that is no test is an error."""

    def decorate(suite: type) -> type:
        for name, reason in reasons.items():
            setattr(suite, name, unittest.skip(reason)(getattr(suite, name)))
        return suite

    return decorate


class _Common(ModelTesterMixin):
    """Labels and configuration as the suite at hand gives them."""

    # Files that name no year count as older than 2023.
    test_can_init_all_missing_weights_before_2023 = True
    config_has_tokens = True

    def setUp(self):
        self.model_tester = self.make_tester()
        self.config_tester = ConfigTester(
            self, self.config_class, has_text_modality=self.config_has_tokens, **self.config_arguments
        )

    def _prepare_for_class(self, inputs_dict, model_class, return_labels=False):
        inputs = super()._prepare_for_class(inputs_dict, model_class, return_labels=return_labels)
        inputs.pop("input_ids", None)
        labels = self.model_tester.labels(model_class) if return_labels else None
        return inputs if labels is None else {**inputs, "labels": labels}

    def test_config(self):
        self.config_tester.run_common_tests()


class _Seq2Seq(_Common, GenerationTesterMixin):
    is_encoder_decoder = True
    whisper_at = False

    def make_tester(self):
        return Seq2SeqTester(self.whisper_at)

    # Both tests look for the tokens in "input_ids"; Whisper's are "decoder_input_ids".
    def test_resize_tokens_embeddings(self):
        self.model_tester.token_name = "input_ids"
        super().test_resize_tokens_embeddings()

    def test_resize_embeddings_untied(self):
        self.model_tester.token_name = "input_ids"
        super().test_resize_embeddings_untied()


@skip(test_model_get_set_embeddings="an encoder of audio has no token embeddings")
class _Encoder(_Common):
    test_resize_embeddings = False  # there are no tokens
    whisper_at = False

    def make_tester(self):
        return EncoderTester(self.whisper_at)


class WhisperSeq2SeqTest(_Seq2Seq, unittest.TestCase):
    all_model_classes = (WhisperModel, WhisperForConditionalGeneration)
    config_class, config_arguments = WhisperConfig, WHISPER_ARGUMENTS


class WhisperATSeq2SeqTest(_Seq2Seq, unittest.TestCase):
    all_model_classes = (WhisperATModel, WhisperATForConditionalGeneration)
    config_class, config_arguments = WhisperATConfig, WHISPER_ARGUMENTS
    whisper_at = True
    test_all_params_have_gradient = False  # the loss of the text does not reach the heads

    def test_config_with_heads(self):
        heads = {"default": TLTRConfig(**TLTR_ARGUMENTS), "other": TLTRConfig(**TLTR_ARGUMENTS, projection_dim=8)}
        tester = ConfigTester(self, WhisperATConfig, **WHISPER_ARGUMENTS, heads=heads)
        tester.create_and_test_config_to_json_file()
        tester.create_and_test_config_from_and_save_pretrained()
        tester.create_and_test_config_from_and_save_pretrained_subfolder()


class WhisperEncoderTest(_Encoder, unittest.TestCase):
    all_model_classes = (WhisperForAudioClassification,)
    config_class, config_arguments = WhisperConfig, WHISPER_ARGUMENTS


@skip(
    test_can_load_ignoring_mismatched_shapes="num_labels= belongs to a head, which add_head makes with other labels",
)
class WhisperATEncoderTest(_Encoder, unittest.TestCase):
    all_model_classes = (WhisperATForAudioClassification,)
    config_class, config_arguments = WhisperATConfig, WHISPER_ARGUMENTS
    whisper_at = True
    test_all_params_have_gradient = False  # the heads read the states before the encoder's last LayerNorm


@skip(
    test_attention_outputs="a head gives logits alone, no attentions",
    test_hidden_states_output="a head gives logits alone, no hidden states",
    test_retain_grad_hidden_states_attentions="a head gives logits alone, no hidden states or attentions",
    test_model_get_set_embeddings="a head reads states and has no embeddings",
    test_can_load_ignoring_mismatched_shapes="takes classifier_norm, by its prefix, for a part of classifier",
)
class TLTRTest(_Common, unittest.TestCase):
    all_model_classes = (TLTRForAudioClassification,)
    config_class, config_arguments = TLTRConfig, TLTR_ARGUMENTS
    config_has_tokens = False
    test_resize_embeddings = False  # there are no tokens

    def make_tester(self):
        return TLTRTester()
