"""Every name that we use of transformers' and torch's insides: none of them is promised to us, each can go or change.

A failure here says which, who of us uses it, and what breaks without it, before anything else does.
"""

import ast
import importlib
import inspect
import textwrap
from pathlib import Path

import pytest
import torch
import transformers
from transformers import (
    AutomaticSpeechRecognitionPipeline,
    HfArgumentParser,
    Trainer,
    WhisperConfig,
    WhisperForConditionalGeneration,
)
from transformers.generation.utils import GenerationMixin
from transformers.models.whisper import modeling_whisper
from transformers.models.whisper.generation_whisper import WhisperGenerationMixin
from transformers.pipelines import PIPELINE_REGISTRY, pt_utils

PACKAGE = Path(__file__).parents[1] / "src" / "whisper_at_hf"


def parameters(function) -> set[str]:
    return set(inspect.signature(function).parameters)


def is_asked_whether_whisper(module) -> bool:
    return '== "whisper"' in inspect.getsource(module)


@pytest.fixture(scope="module")
def layer():
    sizes = {"d_model": 8, "encoder_layers": 1, "decoder_layers": 1, "vocab_size": 10, "pad_token_id": 0}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    return modeling_whisper.WhisperDecoder(WhisperConfig(**sizes, **heads)).layers[0]


DYNAMIC_MODULES = "transformers.dynamic_module_utils"

# {name: (who uses it, what breaks without it, whether it is as we need it)}
TOUCHPOINTS = {
    "model_type == 'whisper' in generate": (
        "model.configuration_whisper_at: the text that equals two names",
        "nothing: where this is gone, so can be half of the reason for that text",
        lambda: is_asked_whether_whisper(importlib.import_module("transformers.generation.utils")),
    ),
    "model_type == 'whisper' in the speech recognition pipeline": (
        "model.configuration_whisper_at: the text that equals two names",
        "nothing: where this is gone, so can be half of the reason for that text",
        lambda: is_asked_whether_whisper(
            importlib.import_module("transformers.pipelines.automatic_speech_recognition")
        ),
    ),
    "generate_with_fallback(seek, batch_idx_map, decoder_input_ids)": (
        "model.modeling_whisper_at: tells the recorder where a window of sequential mode begins",
        "tags of sequential mode lie in the wrong places",
        lambda: (
            {"seek", "batch_idx_map", "decoder_input_ids"} <= parameters(WhisperGenerationMixin.generate_with_fallback)
        ),
    ),
    "detect_language(input_features)": (
        "model.modeling_whisper_at: its encoder pass serves the first window too",
        "the encoder runs twice for the first window",
        lambda: "input_features" in parameters(WhisperGenerationMixin.detect_language),
    ),
    "_extract_token_timestamps": (
        "decoding.word_times",
        "no times of words in batched mode and in streams",
        lambda: (
            {"generate_outputs", "alignment_heads", "num_frames", "num_input_ids"}
            <= parameters(WhisperGenerationMixin._extract_token_timestamps)
        ),
    ),
    "GenerationMixin under WhisperForConditionalGeneration": (
        "model.modeling_whisper_at: names the mixin after it among the bases",
        "transformers' own tests of generation fail",
        lambda: issubclass(WhisperForConditionalGeneration, GenerationMixin),
    ),
    "constructors that are gone past": (
        "model.modeling_whisper_at: WhisperATModel and WhisperATForConditionalGeneration skip their parent's __init__",
        "an attribute that a newer __init__ sets is missing",
        lambda: (
            _sets(modeling_whisper.WhisperModel) == {"encoder", "decoder"}
            and _sets(WhisperForConditionalGeneration) == {"model", "proj_out", "max_target_positions"}
        ),
    ),
    "what an encoder is made of": (
        "model.modeling_whisper_at: a shallow copy with shorter positions, and hooks on the blocks",
        "no tags from windows shorter than 30 s; wrong pooled states",
        lambda: (
            {"conv1", "conv2", "embed_positions", "layers", "layer_norm"} <= _sets(modeling_whisper.WhisperEncoder)
        ),
    ),
    "blocks are called in order, once each": (
        "model.pooling: counts the layers as their hooks are called",
        "states of one layer are taken for another's",
        lambda: "in enumerate(self.layers)" in inspect.getsource(modeling_whisper.WhisperEncoder.forward),
    ),
    "sub_configs with a dot": (
        "model.configuration_whisper_at: heads are sub-configurations of names such as heads.default",
        "dtype and attn_implementation do not reach the heads",
        lambda: "sub_configs" in dir(transformers.PreTrainedConfig),
    ),
    "_attn_implementation": (
        "pipeline.engine, analysis.cost.run: which attention a model computes",
        "times of words leave the model with slow attention",
        lambda: hasattr(WhisperConfig(), "_attn_implementation"),
    ),
    "get_relative_import_files": (
        "publishing.remote_code: the modules that an exported folder needs",
        "folders to upload cannot be made, or lack modules",
        lambda: "module_file" in parameters(importlib.import_module(DYNAMIC_MODULES).get_relative_import_files),
    ),
    "_sanitize_parameters": (
        "pipeline.pipeline: takes our parameters of a call apart",
        "no parameter of ours is known",
        lambda: "return_timestamps" in parameters(AutomaticSpeechRecognitionPipeline._sanitize_parameters),
    ),
    "_forward": (
        "pipeline.pipeline: the stock forward pass, which calls generate",
        "no sequential mode",
        lambda: "return_timestamps" in parameters(AutomaticSpeechRecognitionPipeline._forward),
    ),
    **{
        name: (
            "pipeline.pipeline and pipeline.engine: what was given to pipeline(...)",
            "parameters given to pipeline(...) are forgotten in a call",
            lambda name=name: f"self.{name}" in inspect.getsource(transformers.pipelines.base.Pipeline),
        )
        for name in ("_preprocess_params", "_forward_params", "_postprocess_params", "_batch_size")
    },
    "_generate_kwargs": (
        "pipeline.engine: arguments of generate given to pipeline(...)",
        "a language given to pipeline(...) is forgotten",
        lambda: "_generate_kwargs" in inspect.getsource(transformers.pipelines.base.Pipeline),
    ),
    "get_iterator and its parts": (
        "pipeline.pipeline: builds the same chain with a collation that can be pickled",
        "no lists, batches or workers",
        lambda: (
            {"inputs", "num_workers", "batch_size", "preprocess_params", "forward_params", "postprocess_params"}
            <= parameters(transformers.pipelines.base.ChunkPipeline.get_iterator)
            and all(
                hasattr(pt_utils, name)
                for name in ("PipelineChunkIterator", "PipelinePackIterator", "PipelineIterator")
            )
        ),
    ),
    "register_pipeline": (
        "registration: the task's default model is asked of a dict",
        "pipeline('whisper-at') finds no model",
        lambda: (
            {"task", "pipeline_class", "pt_model", "default", "type"}
            <= parameters(PIPELINE_REGISTRY.register_pipeline)
        ),
    ),
    **{
        name: (
            "training.trainer",
            "heads train in another order, on other inputs, or are not saved",
            lambda name=name: callable(getattr(Trainer, name)),
        )
        for name in ("_get_train_sampler", "_prepare_inputs", "_save", "_save_checkpoint", "_load_from_checkpoint")
    },
    "_actions": (
        "training.recipes: the names of all flags",
        "a wrong name in a recipe file is not refused",
        lambda: isinstance(HfArgumentParser([])._actions, list),
    ),
    "_linear_pointwise": (
        "model.onednn",
        "nothing breaks: linear layers take twice the time on AMD's processors",
        lambda: not torch.backends.mkldnn.is_available() or hasattr(torch.ops.mkldnn, "_linear_pointwise"),
    ),
    "_standard_gamma": (
        "training.augmentation: beta numbers drawn by a generator",
        "no mixup",
        lambda: torch._standard_gamma(torch.ones(2), generator=torch.Generator()).shape == (2,),
    ),
    "_modules": (
        "model.modeling_whisper_at: a module's parts, of which a view replaces one",
        "no tags from windows shorter than 30 s",
        lambda: isinstance(torch.nn.Linear(1, 1)._modules, dict),
    ),
    "_init_weights": (
        "model.modeling_tltr: fills a fresh head, and only what no checkpoint has filled",
        "heads start from torch's own random numbers",
        lambda: callable(transformers.PreTrainedModel._init_weights),
    ),
    "_get_feature_vector_attention_mask": (
        "analysis.layers.encoders: which steps of a clip are padding",
        "clips of different lengths cannot be encoded together",
        lambda: callable(transformers.HubertModel._get_feature_vector_attention_mask),
    ),
    "TO_LANGUAGE_CODE": (
        "decoding.generator, pipeline.loading and labels.translations: names of languages",
        "languages are known by their codes only",
        lambda: (
            importlib.import_module("transformers.models.whisper.tokenization_whisper").TO_LANGUAGE_CODE["german"]
            == "de"
        ),
    ),
}


def _sets(module_class: type) -> set[str]:
    """The attributes that a class's own __init__ sets, but plain values of its configuration."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(module_class.__init__)))
    stored = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    return {node.attr for node in stored if ast.unparse(node.value) == "self"}


@pytest.mark.parametrize("name", TOUCHPOINTS)
def test_it_is_as_we_need_it(name):
    user, loss, holds = TOUCHPOINTS[name]
    assert holds(), f"{name} has changed; used by {user}. Without it: {loss}."


@pytest.mark.parametrize(
    "path",
    [
        *("self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm", "fc1", "fc2", "activation_fn"),
        *("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "self_attn.scaling"),
        *("encoder_attn.q_proj", "encoder_attn.k_proj", "encoder_attn.v_proj", "encoder_attn.out_proj"),
        *("encoder_attn.scaling", "encoder_attn.num_heads", "encoder_attn.head_dim"),
    ],
)
def test_a_decoder_layer_is_made_of(layer, path):
    """decoding.cached_decoder computes with these; without one there is no text in batched mode and in streams."""
    for name in path.split("."):
        layer = getattr(layer, name)


def private_names(source: str) -> set[str]:
    """Private attributes of anything but `self`, `cls` and `super()`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            if ast.unparse(node.value) not in ("self", "cls"):
                found.add(node.attr)
    return found


# Private names of our own classes, used by another module or through `super()`.
# The last two are the standard library's.
OURS = {"_apply_freezing", "_loss", "_exit", "_replace"}


def test_every_private_name_that_is_used_stands_here():
    used = {name for path in PACKAGE.rglob("*.py") for name in private_names(path.read_text())}
    own = {
        node.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    theirs = set(dir(Trainer)) | set(dir(WhisperForConditionalGeneration))
    assert used - set(TOUCHPOINTS) - OURS - (own - theirs) == set()


def test_a_private_name_is_found():
    assert private_names("model._secret(self._own)") == {"_secret"}
