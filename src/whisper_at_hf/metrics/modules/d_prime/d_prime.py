"""d-prime as an `evaluate` module."""

from whisper_at_hf.metrics import d_prime, macro_auc
from whisper_at_hf.metrics.modules import base


class DPrime(base.TaggingModule):
    description = "d' = sqrt(2) * normal quantile of the macro AUC (https://arxiv.org/abs/1609.09430)."

    def _compute(self, predictions, references) -> dict[str, float]:
        return {"d_prime": d_prime(macro_auc(predictions, references))}
