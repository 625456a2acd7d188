"""What each size of Whisper is made of, from which its modules can be built without a checkpoint.

Source: https://github.com/openai/whisper/blob/main/model-card.md, and the `config.json` of the checkpoints at
https://huggingface.co/openai.
"""

from dataclasses import dataclass

from ...errors import InputError
from ...labels import audioset_labels
from ...model.configuration_whisper_at import TLTRConfig, WhisperATConfig

# Width after the projection of TLTR-512. https://arxiv.org/abs/2307.03183, section 3.
PROJECTED_WIDTH = 512


@dataclass(frozen=True)
class WhisperSize:
    """The encoder that some checkpoints share.

    Attributes:
        names: of the checkpoints, without "whisper-"; the first names the size.
        layers, width, attention_heads: of the encoder.
        mels: rows of its log-mel input.
    """

    names: tuple[str, ...]
    layers: int
    width: int
    attention_heads: int
    mels: int = 80

    @property
    def name(self) -> str:
        return self.names[0]

    def config(self) -> WhisperATConfig:
        """Of a Whisper with this encoder, and without heads."""
        return WhisperATConfig(
            encoder_layers=self.layers,
            d_model=self.width,
            encoder_attention_heads=self.attention_heads,
            encoder_ffn_dim=4 * self.width,
            num_mel_bins=self.mels,
        )

    def head_configs(self) -> dict[str, TLTRConfig]:
        """The paper's two heads for AudioSet; TLTR-512 where it is narrower than the encoder."""
        labels = dict(enumerate(audioset_labels()))
        shape = {"encoder_layers": self.layers, "d_model": self.width, "id2label": labels}
        heads = {"TLTR": TLTRConfig(**shape)}
        if self.width > PROJECTED_WIDTH:
            heads["TLTR-512"] = TLTRConfig(**shape, projection_dim=PROJECTED_WIDTH)
        return heads


SIZES = (
    WhisperSize(("tiny", "tiny.en"), 4, 384, 6),
    WhisperSize(("base", "base.en"), 6, 512, 8),
    WhisperSize(("small", "small.en"), 12, 768, 12),
    WhisperSize(("medium", "medium.en"), 24, 1024, 16),
    WhisperSize(("large-v1", "large-v2"), 32, 1280, 20),
    WhisperSize(("large-v3", "large-v3-turbo"), 32, 1280, 20, mels=128),
)


def find_sizes(names: list[str] | None = None) -> list[WhisperSize]:
    """The sizes with these names, each once and smallest first; all of them for None.

    Raises:
        InputError: a name that no Whisper has.
    """
    known = {name: size for size in SIZES for name in size.names}
    if unknown := [name for name in names or [] if name not in known]:
        raise InputError(f"There is no Whisper of size '{unknown[0]}'; use one of {', '.join(known)}.")
    wanted = SIZES if names is None else {known[name] for name in names}
    return [size for size in SIZES if size in wanted]
