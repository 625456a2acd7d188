"""Counts agree with formulas by hand and with the paper's numbers, and no weight is allocated."""

import pytest
from torch import nn
from transformers import ASTConfig, WhisperConfig, WhisperForConditionalGeneration

from whisper_at_hf import TLTRConfig
from whisper_at_hf.analysis.cost.counting import count, on_meta
from whisper_at_hf.analysis.cost.run import ast_cost, cost, head_cost, size_cost
from whisper_at_hf.analysis.cost.sizes import SIZES, find_sizes
from whisper_at_hf.errors import InputError

# Millions of parameters of TLTR and TLTR-512, and their share of a 30 s pass in percent: the original's checkpoints.
HEADS = {
    "tiny": (3.8, None, 3.0, None),
    "base": (6.6, None, 3.4, None),
    "small": (14.6, 7.0, 3.9, 1.9),
    "medium": (25.7, 7.1, 4.2, 1.2),
    "large-v2": (40.0, 7.2, 4.3, 0.84),
}
# Of whole models, text decoder and all. https://github.com/openai/whisper#available-models-and-languages
WHISPERS = {"tiny": 39, "base": 74, "small": 244, "medium": 769, "large-v2": 1550}


@pytest.fixture(scope="module")
def result() -> dict:
    return cost()


def entry(result: dict, name: str) -> dict:
    return next(entry for entry in result["whispers"] if name in entry["whisper"])


def block(width: int, tokens: int) -> tuple[int, int]:
    """Multiply-accumulates of a Transformer block with a 4x MLP: of its weights, and of attention's products."""
    return 12 * width**2 * tokens, 2 * tokens**2 * width


def test_a_linear_layer_by_hand():
    found = count(on_meta(lambda: nn.Linear(7, 5)), 3, 7)
    assert (found.parameters, found.macs, found.attention_macs) == (7 * 5 + 5, 3 * 7 * 5, 0)


@pytest.mark.parametrize("projection", [None, 8])
def test_a_head_by_hand(projection):
    layers, width, labels, steps = 3, 16, 4, 25
    config = TLTRConfig(encoder_layers=layers, d_model=width, projection_dim=projection, num_labels=labels)
    inner = projection or width
    (time_linear, time_products), (layer_linear, layer_products) = block(inner, steps), block(inner, layers)
    products = layers * time_products + layer_products
    linear = layers * time_linear + layer_linear + inner * labels
    if projection:
        linear += layers * steps * width * inner
    one, three = head_cost(config), head_cost(config, windows=3)
    assert (one.macs, one.attention_macs) == (linear + products, products)
    assert (three.macs, three.parameters) == (3 * one.macs, one.parameters)


def test_an_encoder_by_hand():
    size = find_sizes(["tiny.en"])[0]
    for seconds, found in ((10, "macs_10s"), (30, "macs_30s")):
        positions = 50 * seconds
        convolutions = 3 * (2 * positions * 80 * 384 + positions * 384 * 384)
        assert size_cost(size)["encoder"][found] == convolutions + 4 * sum(block(384, positions))


@pytest.mark.long
def test_ast_by_hand(result):
    """1212 patches of 16 x 16 and two more tokens; the classifier reads one vector."""
    tokens = 12 * 101 + 2
    linear, products = block(768, tokens)
    macs = 12 * (linear + products) + 1212 * 256 * 768 + 768 * 527
    assert result["ast"]["macs"] == macs and result["ast"]["attention_macs"] == 12 * products


def test_the_papers_operations(result):
    heads = entry(result, "large-v1")["heads"]
    assert heads["TLTR-512"]["macs_10s"] == pytest.approx(3.16e9, rel=0.01)
    assert heads["TLTR"]["macs_10s"] == pytest.approx(16.4e9, rel=0.01)


def test_the_papers_parameters_and_shares(result):
    for name, (full, projected, full_share, projected_share) in HEADS.items():
        heads = entry(result, name)["heads"]
        assert list(heads) == (["TLTR"] if projected is None else ["TLTR", "TLTR-512"])
        expected = {"TLTR": (full, full_share), "TLTR-512": (projected, projected_share)}
        for head, values in heads.items():
            parameters, share = expected[head]
            assert values["parameters"] / 1e6 == pytest.approx(parameters, abs=0.1), (name, head)
            assert 100 * values["share_of_30s_pass"] == pytest.approx(share, abs=0.05), (name, head)


def test_below_one_percent_holds_for_the_narrow_head_on_large_only(result):
    below = [
        (entry["whisper"][0], head)
        for entry in result["whispers"]
        for head, values in entry["heads"].items()
        if values["share_of_30s_pass"] < 0.01
    ]
    assert below == [("large-v1", "TLTR-512"), ("large-v3", "TLTR-512")]


def test_ast_both_ways(result):
    ast = result["ast"]
    assert ast["parameters"] / 1e6 == pytest.approx(87, abs=0.5)
    assert ast["published"]["operations"] == 133 and ast["published"]["parameters"] == 87
    # The published number is one of multiply-accumulates, not of two operations for each.
    assert ast["macs"] == pytest.approx(133e9, rel=0.02)
    ratios = {row["convention"]: row["ratio"] for row in result["comparison"]}
    assert ratios["published AST, counted head"] == pytest.approx(42, abs=0.1)
    assert ratios["counted, MAC"] == ratios["counted, FLOP as 2 x MAC"] == pytest.approx(41.26, abs=0.01)
    without = next(row for row in result["comparison"] if "without" in row["convention"])
    assert without["ast"] == pytest.approx(206, abs=1) and without["ratio"] == pytest.approx(32.9, abs=0.05)


def test_the_sizes_are_those_of_whisper(result):
    for name, published in WHISPERS.items():
        size = find_sizes([name])[0]
        values = size.config().to_dict() | {"decoder_layers": size.layers, "decoder_ffn_dim": 4 * size.width}
        config = WhisperConfig(**{name: values[name] for name in WhisperConfig().to_dict() if name in values})
        config.decoder_attention_heads = size.attention_heads
        whole = on_meta(lambda config=config: WhisperForConditionalGeneration(config))
        assert sum(parameter.numel() for parameter in whole.parameters()) / 1e6 == pytest.approx(published, rel=0.04)
    assert entry(result, "large-v3-turbo") is entry(result, "large-v3")


def test_an_ast_of_another_shape_is_counted_as_it_is():
    config = ASTConfig(hidden_size=8, num_attention_heads=2, intermediate_size=32, num_hidden_layers=1, num_labels=3)
    linear, products = block(8, 1214)
    assert ast_cost(config).macs == linear + products + 1212 * 256 * 8 + 8 * 3


def test_no_weight_is_allocated(monkeypatch):
    modules = []
    monkeypatch.setattr(
        "whisper_at_hf.analysis.cost.run.on_meta", lambda build: modules.append(on_meta(build)) or modules[-1]
    )
    size_cost(SIZES[-1])
    assert len(modules) >= 3 and all(weight.is_meta for module in modules for weight in module.parameters())


def test_some_sizes_only():
    assert [entry["whisper"][0] for entry in cost(["base.en", "tiny", "tiny.en"])["whispers"]] == ["tiny", "base"]
    with pytest.raises(InputError, match="no Whisper of size 'huge'; use one of tiny, tiny.en, base"):
        cost(["huge"])
