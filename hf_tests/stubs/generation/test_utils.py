"""Stand-in for `tests/generation/test_utils.py`, which transformers leaves out of its source distribution.

What `generate` of every model of Whisper's kind must do, in a few tests of our own.
"""

import tempfile

import torch

MAX_LENGTH = 12


class GenerationTesterMixin:
    """Needs `self.model_tester` and `self.all_generative_model_classes`, as `ModelTesterMixin` has them."""

    def test_greedy_generate(self):
        """Every token is the most likely one after those before it, by one forward pass over all of them."""
        for model, inputs in self._models_and_inputs():
            tokens = model.generate(**inputs)
            self.assertEqual(tokens.tolist(), self._log_probs(model, inputs, tokens).argmax(dim=-1).tolist())

    def test_generate_without_cache(self):
        for model, inputs in self._models_and_inputs():
            cached = model.generate(**inputs, use_cache=True)
            self.assertEqual(cached.tolist(), model.generate(**inputs, use_cache=False).tolist())

    def test_beam_search_generate(self):
        """A beam's score is the log probability of its text, by one forward pass."""
        for model, inputs in self._models_and_inputs():
            outputs = model.generate(
                **inputs, num_beams=3, length_penalty=0.0, return_dict_in_generate=True, output_scores=True
            )
            tokens = outputs.sequences[:, 1:]
            chosen = self._log_probs(model, inputs, tokens).gather(2, tokens[..., None])[..., 0]
            torch.testing.assert_close(outputs.sequences_scores, chosen.sum(dim=1), rtol=1e-4, atol=1e-4)

    def test_sample_generate(self):
        """The same seed gives the same text, another seed another one."""
        for model, inputs in self._models_and_inputs():
            texts = []
            for seed in (0, 0, 1):
                torch.manual_seed(seed)
                texts.append(model.generate(**inputs, do_sample=True, temperature=1.0).tolist())
            self.assertEqual(texts[0], texts[1])
            self.assertNotEqual(texts[0], texts[2])

    def test_generate_returns_dict(self):
        """The same text as without, after the decoder's first token, and one set of scores for each token."""
        for model, inputs in self._models_and_inputs():
            tokens = model.generate(**inputs)
            outputs = model.generate(**inputs, return_dict_in_generate=True, output_scores=True)
            self.assertEqual(outputs.sequences[:, 1:].tolist(), tokens.tolist())
            self.assertEqual(torch.stack(outputs.scores, dim=1).argmax(dim=-1).tolist(), tokens.tolist())

    def test_generate_after_prompt(self):
        """Each token is the most likely one after the prompt, the decoder's first token and those before it."""
        prompt = torch.tensor([5, 7, 9])
        for model, inputs in self._models_and_inputs():
            model.generation_config.prev_sot_token_id = 5
            tokens = model.generate(**inputs, prompt_ids=prompt)
            rows = prompt.expand(len(tokens), -1)
            wanted = self._log_probs(model, inputs, tokens, rows).argmax(dim=-1)
            self.assertEqual(tokens.tolist(), wanted.tolist())

    def test_generate_after_reload(self):
        for model, inputs in self._models_and_inputs():
            with tempfile.TemporaryDirectory() as folder:
                model.save_pretrained(folder)
                reloaded = type(model).from_pretrained(folder).eval()
            for beams in (1, 3):
                before = model.generate(**inputs, num_beams=beams)
                self.assertEqual(before.tolist(), reloaded.generate(**inputs, num_beams=beams).tolist())

    def _models_and_inputs(self):
        """Pairs of a model in evaluation mode and arguments for `generate`."""
        for model_class in self.all_generative_model_classes:
            config, inputs = self.model_tester.prepare_config_and_inputs_for_common()
            # With the usual small weights, the text would be the same whatever the audio; without an end token, all
            # rows are of one length.
            config.init_std = 0.5
            config.eos_token_id = None
            torch.manual_seed(0)
            model = model_class(config).eval()
            yield model, {model.main_input_name: inputs[model.main_input_name], "max_length": MAX_LENGTH}

    @staticmethod
    def _log_probs(model, inputs, tokens, prompt=None):
        """`(batch, len(tokens), vocabulary)`: what the model expects at the place of each of `tokens`."""
        before = torch.nn.functional.pad(tokens[:, :-1], (1, 0), value=model.config.decoder_start_token_id)
        if prompt is not None:
            before = torch.cat([prompt, before], dim=1)
        with torch.no_grad():
            logits = model(inputs[model.main_input_name], decoder_input_ids=before).logits
        return logits[:, -tokens.shape[1] :].log_softmax(dim=-1)
