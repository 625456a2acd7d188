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


class _Common(ModelTesterMixin):
    """Labels as the tester at hand gives them."""

    def _prepare_for_class(self, inputs_dict, model_class, return_labels=False):
        inputs = super()._prepare_for_class(inputs_dict, model_class, return_labels=return_labels)
        labels = self.model_tester.labels(model_class) if return_labels else None
        return inputs if labels is None else {**inputs, "labels": labels}

    def test_config(self):
        self.config_tester.run_common_tests()


class _Seq2Seq(_Common, GenerationTesterMixin):
    is_encoder_decoder = True
    whisper_at = False

    def setUp(self):
        self.model_tester = Seq2SeqTester(self, self.whisper_at)
        self.config_tester = ConfigTester(self, config_class=self.config_class, **self.config_arguments)


class _Encoder(_Common):
    whisper_at = False

    def setUp(self):
        self.model_tester = EncoderTester(self, self.whisper_at)
        self.config_tester = ConfigTester(self, config_class=self.config_class, **self.config_arguments)


class WhisperSeq2SeqTest(_Seq2Seq, unittest.TestCase):
    all_model_classes = (WhisperModel, WhisperForConditionalGeneration)
    config_class, config_arguments = WhisperConfig, WHISPER_ARGUMENTS


class WhisperATSeq2SeqTest(_Seq2Seq, unittest.TestCase):
    all_model_classes = (WhisperATModel, WhisperATForConditionalGeneration)
    config_class, config_arguments = WhisperATConfig, WHISPER_ARGUMENTS
    whisper_at = True


class WhisperEncoderTest(_Encoder, unittest.TestCase):
    all_model_classes = (WhisperForAudioClassification,)
    config_class, config_arguments = WhisperConfig, WHISPER_ARGUMENTS


class WhisperATEncoderTest(_Encoder, unittest.TestCase):
    all_model_classes = (WhisperATForAudioClassification,)
    config_class, config_arguments = WhisperATConfig, WHISPER_ARGUMENTS
    whisper_at = True


class TLTRTest(_Common, unittest.TestCase):
    all_model_classes = (TLTRForAudioClassification,)

    def setUp(self):
        self.model_tester = TLTRTester(self)
        self.config_tester = ConfigTester(
            self,
            config_class=TLTRConfig,
            has_text_modality=False,
            **{name: value for name, value in TLTR_ARGUMENTS.items() if name != "id2label"},
        )
