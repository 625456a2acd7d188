"""Whisper with tagging heads: one encoder pass gives the states for the text and, pooled, those for the tags."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutput, SequenceClassifierOutput
from transformers.models.whisper.generation_whisper import WhisperGenerationMixin
from transformers.models.whisper.modeling_whisper import (
    WhisperDecoder,
    WhisperEncoder,
    WhisperForConditionalGeneration,
    WhisperModel,
    WhisperPreTrainedModel,
)

from .configuration_whisper_at import WhisperATConfig
from .errors import InputError
from .modeling_heads import TaggingHeadsMixin
from .pooling import PoolingRequest, pooling, watch_block
from .tagging import count_windows, cut_windows, steps_per_window
from .timeline import (
    FRAMES_PER_POSITION,
    KeptPass,
    Span,
    TimelineRecorder,
    active_recorder,
    pooling_request,
    recording,
)


@dataclass
class WhisperATEncoderOutput(BaseModelOutput):
    """A `BaseModelOutput` with `pooled_states`, `(batch, layers, steps, width)`, or None when not asked for.

    `pooled_states` are the outputs of all encoder blocks *before* the final LayerNorm, averaged over time;
    `hidden_states` keep their transformers meaning.
    """

    pooled_states: torch.FloatTensor | None = None


class WhisperATEncoder(WhisperEncoder):
    """Whisper's encoder that can pool every block's output inside the pass, and take windows shorter than 30 s."""

    config_class = WhisperATConfig

    def __init__(self, config: WhisperATConfig):
        super().__init__(config)
        for block in self.layers:
            watch_block(block)

    def forward(
        self,
        input_features: torch.Tensor,
        attention_mask=None,
        output_pooled_states: bool = False,
        spans: Sequence[Span] | None = None,
        **kwargs,
    ) -> WhisperATEncoderOutput | tuple:
        """Encode log-mel frames.

        Args:
            input_features: `(batch, num_mel_bins, frames)`, 10 ms a frame; `frames` is the full window (3000, 30 s)
                or, for tags only, a smaller multiple of a pooled step (40 frames, 0.4 s); never decode from those.
            attention_mask: ignored, as in Whisper.
            output_pooled_states: whether to pool every block's output.
            spans: where each row lies in its file, which pools on the grids of the files: `pooled_states` of a row
                then begins with the step of the file that `origin` falls into, and has one more where a row starts or
                ends between two grid lines.

        Raises:
            InputError: a number of frames that is neither the full window nor a shorter multiple of a pooled step.
        """
        encoder = self.for_frames(input_features.shape[-1])
        if not output_pooled_states and spans is None:
            recorder = active_recorder(self)
            if recorder is not None:
                return self._recorded(encoder, recorder, input_features, kwargs)
            return WhisperEncoder.forward(encoder, input_features, **kwargs)
        size = self.config.pooling_size
        positions = encoder.config.max_source_positions
        request = PoolingRequest(size) if spans is None else pooling_request(spans, size, positions)
        outputs = self._pooled(encoder, request, input_features, kwargs)
        if isinstance(outputs, tuple):
            return (*outputs, request.result)
        return WhisperATEncoderOutput(**outputs, pooled_states=request.result)

    def _pooled(self, encoder: "WhisperATEncoder", request: PoolingRequest, input_features, kwargs: dict):
        """Encode, and fill `request`."""
        positions = encoder.config.max_source_positions
        request.prepare(input_features.shape[0], len(self.layers), positions, like=self.layer_norm.weight.detach())
        with pooling(request):
            return WhisperEncoder.forward(encoder, input_features, **kwargs)

    def _recorded(self, encoder: "WhisperATEncoder", recorder: TimelineRecorder, input_features, kwargs: dict):
        """A pass of `generate`: what the last one has encoded already is given back, anything new is recorded."""
        positions = encoder.config.max_source_positions
        wants_states_only = kwargs.get("return_dict", True) and not any(
            kwargs.get(name, getattr(self.config, name)) for name in ("output_attentions", "output_hidden_states")
        )
        if wants_states_only:
            states = recorder.known_states(input_features, positions)
            if states is not None:
                return BaseModelOutput(last_hidden_state=states)
        recorder.keep(None)  # Frees its memory for the pass that replaces it.
        request = recorder.request(positions)
        if request is None:
            outputs = WhisperEncoder.forward(encoder, input_features, **kwargs)
        else:
            outputs = self._pooled(encoder, request, input_features, kwargs)
            recorder.record(request.result, positions)
        if wants_states_only:
            recorder.keep(KeptPass(input_features, outputs.last_hidden_state))
        return outputs

    def for_frames(self, frames: int) -> "WhisperATEncoder":
        """This encoder, or a view of it (the same layers) whose positions end after `frames` mel frames."""
        positions, step = self.config.max_source_positions, self.config.pooling_size
        if frames == positions * FRAMES_PER_POSITION:
            return self
        short, rest = divmod(frames, FRAMES_PER_POSITION)
        if rest or short % step or not 0 < short < positions:
            raise InputError(
                f"The encoder takes {positions * FRAMES_PER_POSITION} mel frames or a smaller multiple of "
                f"{step * FRAMES_PER_POSITION}, not {frames}; pad the input features."
            )
        view = copy.copy(self)
        view.config = copy.copy(self.config)
        view.config.max_source_positions = short
        view._modules = dict(self._modules)
        view._modules["embed_positions"] = nn.Embedding.from_pretrained(self.embed_positions.weight[:short])
        return view


class WhisperATModel(WhisperModel):
    """`WhisperModel` around a `WhisperATEncoder`."""

    config_class = WhisperATConfig
    # The full model's folder loads here too; its heads are not needed.
    _keys_to_ignore_on_load_unexpected = [r"^heads\."]

    def __init__(self, config: WhisperATConfig):
        # Past WhisperModel's own __init__, which would build, initialise and throw away a plain encoder.
        super(WhisperModel, self).__init__(config)
        self.encoder = WhisperATEncoder(config)
        self.decoder = WhisperDecoder(config)
        self.post_init()


class WhisperATForConditionalGeneration(TaggingHeadsMixin, WhisperForConditionalGeneration, WhisperGenerationMixin):
    """Whisper for text, with any number of named heads for tags; both from the same encoder pass."""

    config_class = WhisperATConfig

    def __init__(self, config: WhisperATConfig):
        # Past WhisperForConditionalGeneration's own __init__, which would build a plain Whisper first.
        super(WhisperForConditionalGeneration, self).__init__(config)
        self.model = WhisperATModel(config)
        self.proj_out = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.max_target_positions = config.max_target_positions
        self._init_heads(config)
        self.post_init()

    def record_timeline(self, spans: int | list[Span], pool: bool = True):
        """Context in which `generate` also collects pooled states, without a second encoder pass.

        Args:
            spans: how many rows of `input_features` `generate` will get, each a file from its start; or where each row
                lies in its file.
            pool: False to note the languages only.

        Returns:
            A context manager that gives a `TimelineRecorder`. After `generate`, `recorder.states(row, num_steps)` is
            `(layers, num_steps, width)` on the file's 0.4 s grid.
        """
        if isinstance(spans, int):
            spans = [Span() for _ in range(spans)]
        return recording(TimelineRecorder(spans, self.model.encoder, self.config.pooling_size, pool))

    def detect_language(self, input_features: torch.Tensor | None = None, *args, **kwargs) -> torch.Tensor:
        """As in transformers; its encoder pass also serves an open recorder and the first window of the text."""
        recorder = active_recorder(self.model.encoder)
        if recorder is not None and input_features is not None and len(input_features) == len(recorder.spans):
            recorder.expect_start()
        return super().detect_language(input_features, *args, **kwargs)

    def generate_with_fallback(self, **kwargs):
        """As in transformers; tells an open recorder where in the files the window at hand begins."""
        recorder = active_recorder(self.model.encoder)
        if recorder is not None:
            languages = set((getattr(self.generation_config, "lang_to_id", None) or {}).values())
            recorder.expect(kwargs["seek"], kwargs["batch_idx_map"], kwargs["decoder_input_ids"], languages)
        return super().generate_with_fallback(**kwargs)


class WhisperATEncoderModel(WhisperPreTrainedModel):
    """The encoder alone under the name that it has in the full model, so that one checkpoint serves both."""

    config_class = WhisperATConfig
    main_input_name = "input_features"

    def __init__(self, config: WhisperATConfig):
        super().__init__(config)
        self.encoder = WhisperATEncoder(config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.encoder.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.encoder.set_input_embeddings(value)

    def forward(self, input_features: torch.Tensor, **kwargs) -> WhisperATEncoderOutput | tuple:
        """See `WhisperATEncoder.forward`."""
        return self.encoder(input_features, **kwargs)


class WhisperATForAudioClassification(TaggingHeadsMixin, WhisperPreTrainedModel):
    """
    Encoder and heads without a decoder, for tags only; works in the stock `audio-classification` pipeline.

    Before transformers 5.23 that pipeline applies a softmax, whatever `problem_type` says: pass
    `function_to_apply="sigmoid"` at every call there.
    """

    config_class = WhisperATConfig
    base_model_prefix = "model"
    main_input_name = "input_features"
    accepts_loss_kwargs = False  # see TLTRPreTrainedModel
    # The full model's folder loads here too; its decoder is not needed.
    _keys_to_ignore_on_load_unexpected = [r"^model\.decoder\.", r"^proj_out\."]

    def __init__(self, config: WhisperATConfig):
        super().__init__(config)
        self.model = WhisperATEncoderModel(config)
        self._init_heads(config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.model.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.model.set_input_embeddings(value)

    def forward(
        self,
        input_features: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        head: str | None = None,
        return_dict: bool | None = None,
        **kwargs,
    ) -> SequenceClassifierOutput | tuple:
        """Classify each row as a whole: the largest logit over its windows of `window_length_s` seconds.

        Args:
            input_features: `(batch, num_mel_bins, frames)`, see `WhisperATEncoder.forward`.
            attention_mask: `(batch, frames)`, 1 where there is audio; without it, trailing silence that is exactly the
                feature extractor's padding is left out.
            labels: see `TLTRForAudioClassification.forward`.
            head: name of the head, by default `config.default_head`.

        Returns:
            `logits` `(batch, num_labels)` and, with labels, `loss`.

        Raises:
            InputError: an unknown head, or a model without heads.
        """
        outputs = self.model(input_features, output_pooled_states=True, return_dict=True, **kwargs)
        module = self.get_head(head)
        frames = _audio_frames(input_features, attention_mask)
        logits = torch.stack(
            [self._clip_logits(module, row, count) for row, count in zip(outputs.pooled_states, frames, strict=True)]
        )
        loss = None if labels is None else module._loss(logits, labels)
        result = SequenceClassifierOutput(
            loss=loss, logits=logits, hidden_states=outputs.hidden_states, attentions=outputs.attentions
        )
        return result if (self.config.return_dict if return_dict is None else return_dict) else result.to_tuple()

    @staticmethod
    def _clip_logits(head: nn.Module, pooled_states: torch.Tensor, num_frames: int) -> torch.Tensor:
        """`(layers, steps, width)` -> `(num_labels,)`."""
        step_seconds = head.config.step_seconds
        steps = steps_per_window(head.config.window_length_s, step_seconds)
        steps = min(steps, pooled_states.shape[1])
        windows = count_windows(num_frames, steps, step_seconds)
        return head(cut_windows(pooled_states, windows, steps)).logits.amax(dim=0)


def _audio_frames(input_features: torch.Tensor, attention_mask: torch.Tensor | None) -> list[int]:
    """Mel frames with audio in each row: from the mask, or up to the padding, which lies at the row's minimum."""
    if attention_mask is not None:
        return attention_mask.sum(dim=-1).tolist()
    floor = input_features.amin(dim=(1, 2), keepdim=True)
    heard = (input_features > floor).any(dim=1)
    last = heard.shape[1] - heard.flip(1).int().argmax(dim=1)
    return torch.where(heard.any(dim=1), last, torch.ones_like(last)).tolist()
