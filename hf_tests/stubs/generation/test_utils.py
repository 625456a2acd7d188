"""Stand-in for `tests/generation/test_utils.py`, which transformers leaves out of its source distribution.

The properties of `generate` that every generating model must have, in a few tests of our own.
"""

import tempfile

import torch

MAX_LENGTH = 12


class GenerationTesterMixin:
    """Needs `self.model_tester` and `self.all_generative_model_classes`, as `ModelTesterMixin` has them."""

    def _models_and_inputs(self):
        """Pairs of a model in evaluation mode and the arguments of `generate` without decoder inputs."""
        for model_class in self.all_generative_model_classes:
            config, inputs = self.model_tester.prepare_config_and_inputs_for_common()
            torch.manual_seed(0)
            model = model_class(config).eval()
            yield model, {model.main_input_name: inputs[model.main_input_name], "max_length": MAX_LENGTH}

    def test_greedy_generate(self):
        """Every token is the most likely one after those before it, by one forward pass over all of them."""
        for model, inputs in self._models_and_inputs():
            tokens = self._with_start(model, model.generate(**inputs, do_sample=False))
            features = inputs[model.main_input_name]
            with torch.no_grad():
                logits = model(features, decoder_input_ids=tokens[:, :-1]).logits
            pad = model.config.pad_token_id
            wanted = torch.where(tokens[:, 1:] == pad, pad, logits.argmax(dim=-1))
            self.assertEqual(tokens[:, 1:].tolist(), wanted.tolist())

    def test_generate_without_cache(self):
        for model, inputs in self._models_and_inputs():
            cached = model.generate(**inputs, do_sample=False, use_cache=True)
            self.assertEqual(cached.tolist(), model.generate(**inputs, do_sample=False, use_cache=False).tolist())

    def test_beam_search_generate(self):
        """The best of three beams is no less likely than the greedy text."""
        for model, inputs in self._models_and_inputs():
            scores = []
            for beams in (1, 3):
                tokens = model.generate(**inputs, do_sample=False, num_beams=beams, length_penalty=0.0)
                scores.append(self._log_likelihood(model, inputs[model.main_input_name], tokens))
            self.assertTrue(torch.all(scores[1] >= scores[0] - 1e-4), msg=f"greedy {scores[0]}, beams {scores[1]}")

    def test_sample_generate(self):
        """The same seed gives the same text, another seed another one."""
        for model, inputs in self._models_and_inputs():
            texts = []
            for seed in (0, 0, 1):
                torch.manual_seed(seed)
                texts.append(model.generate(**inputs, do_sample=True, top_k=0).tolist())
            self.assertEqual(texts[0], texts[1])
            self.assertNotEqual(texts[0], texts[2])

    def test_generate_continues_decoder_input_ids(self):
        for model, inputs in self._models_and_inputs():
            start = torch.tensor([[model.config.decoder_start_token_id, 7, 9]] * len(inputs[model.main_input_name]))
            tokens = model.generate(**inputs, do_sample=False, decoder_input_ids=start)
            tokens = self._with_start(model, tokens)
            self.assertIn([7, 9], [tokens[0, :2].tolist(), tokens[0, 1:3].tolist()])

    def test_generate_returns_dict(self):
        for model, inputs in self._models_and_inputs():
            outputs = model.generate(**inputs, do_sample=False, return_dict_in_generate=True, output_scores=True)
            self.assertEqual(outputs.scores[0].shape[-1], model.config.vocab_size)
            self.assertEqual(outputs.sequences.tolist(), model.generate(**inputs, do_sample=False).tolist())

    def test_generate_after_reload(self):
        for model, inputs in self._models_and_inputs():
            with tempfile.TemporaryDirectory() as folder:
                model.save_pretrained(folder)
                reloaded = type(model).from_pretrained(folder).eval()
            for options in ({"num_beams": 1}, {"num_beams": 3}):
                before = model.generate(**inputs, do_sample=False, **options)
                self.assertEqual(before.tolist(), reloaded.generate(**inputs, do_sample=False, **options).tolist())

    @staticmethod
    def _with_start(model, tokens):
        """`tokens` with the decoder's first token, which Whisper's `generate` leaves out of its result."""
        start = model.config.decoder_start_token_id
        if tokens.shape[1] and bool((tokens[:, 0] == start).all()):
            return tokens
        return torch.nn.functional.pad(tokens, (1, 0), value=start)

    def _log_likelihood(self, model, features, tokens):
        """`(batch,)`: log probability of each row up to its end, padding left out."""
        tokens = self._with_start(model, tokens)
        with torch.no_grad():
            log_probs = model(features, decoder_input_ids=tokens[:, :-1]).logits.log_softmax(dim=-1)
        chosen = log_probs.gather(2, tokens[:, 1:, None])[..., 0]
        return (chosen * (tokens[:, 1:] != model.config.pad_token_id)).sum(dim=1)
