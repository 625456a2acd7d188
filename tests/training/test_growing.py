"""More labels for a trained head: what it knows stays, bit for bit."""

import pytest
import tiny
import torch

from whisper_at_hf import TLTRForAudioClassification
from whisper_at_hf.training import grow_head

OLD = ["Speech", "Rain", "Dog"]


@pytest.fixture
def old():
    torch.manual_seed(0)
    config = tiny.head_config(OLD, projection_dim=8, window_length_s=2.0, thresholds={"Rain": 0.3, "Dog": 0.6})
    return tiny.randomised(TLTRForAudioClassification(config)).eval()


def logits(head, seed=0):
    states = torch.randn(3, tiny.LAYERS, 5, tiny.WIDTH, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return head.eval()(states).logits


def test_old_labels_answer_exactly_as_before(old):
    grown = grow_head(old, [*OLD, "Drone", "Saw"])
    assert grown.config.labels == [*OLD, "Drone", "Saw"]
    assert torch.equal(logits(grown)[:, :3], logits(old))
    assert logits(grown).shape == (3, 5)


def test_the_527_of_audioset_stay(tmp_path):
    from whisper_at_hf.labels import audioset_labels

    head = tiny.randomised(TLTRForAudioClassification(tiny.head_config(audioset_labels()))).eval()
    grown = grow_head(head, [*audioset_labels(), "Drone"])
    for name in ("weight", "bias"):
        assert torch.equal(getattr(grown.classifier, name)[:527], getattr(head.classifier, name))
    # A wider product may be added up in another order.
    torch.testing.assert_close(logits(grown)[:, :527], logits(head), rtol=1e-6, atol=1e-6)
    grown.save_pretrained(tmp_path)
    loaded = TLTRForAudioClassification.from_pretrained(tmp_path)
    assert loaded.config.num_labels == 528 and torch.equal(logits(loaded), logits(grown))


def test_rows_follow_their_labels_into_another_order(old):
    grown = grow_head(old, ["Dog", "Drone", "Speech"])
    assert torch.equal(logits(grown)[:, [0, 2]], logits(old)[:, [2, 0]])


def test_thresholds_of_kept_labels_stay(old):
    assert grow_head(old, ["Rain", "Drone"]).config.thresholds == {"Rain": 0.3}
    assert grow_head(old, ["Drone", "Saw"]).config.thresholds is None


def test_the_rest_of_the_configuration_stays(old):
    before, after = old.config.to_dict(), grow_head(old, [*OLD, "Drone"]).config.to_dict()
    changed = {key for key in before if before[key] != after.get(key)}
    assert changed <= {"id2label", "label2id"}


def test_the_old_head_is_left_as_it_is(old):
    before, answers = list(old.config.labels), logits(old)
    grown = grow_head(old, [*OLD, "Drone"])
    with torch.no_grad():
        for parameter in grown.parameters():
            parameter.add_(1.0)
    assert old.config.labels == before and torch.equal(logits(old), answers)


def test_the_type_of_the_weights_stays(old):
    assert grow_head(old.to(torch.bfloat16), [*OLD, "Drone"]).dtype == torch.bfloat16


def test_a_label_twice_is_refused(old):
    with pytest.raises(ValueError, match="twice"):
        grow_head(old, ["Speech", "Speech"])
