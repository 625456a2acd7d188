"""The paper's findings as commands: what a speech recogniser's encoder knows of the sounds around the words.

Needs `pip install "whisper-at-hf[analysis]"`; `cost` needs nothing more than torch and transformers. The commands are
`whisper-at analyze layers | robustness | classes | cost | reproduce`; each is a function in the module of its name.

Source of all recipes: Gong et al., "Whisper-AT: Noise-Robust Automatic Speech Recognizers are Also Strong General
Audio Event Taggers", Interspeech 2023, https://arxiv.org/abs/2307.03183
"""
