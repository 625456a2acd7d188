"""Stand-in for `tests/utils/test_configuration_utils.py`, missing in transformers' source distribution."""

# Arguments that every configuration takes, each with a value other than its default; `ConfigTester` sets them all and
# reads them back.
config_common_kwargs = {
    "architectures": ["SomeModel"],
    "chunk_size_feed_forward": 3,
    "dtype": "float16",
    "id2label": {0: "Dog", 1: "Rain", 2: "Music"},
    "is_encoder_decoder": True,
    "label2id": {"Dog": 0, "Rain": 1, "Music": 2},
    "output_attentions": True,
    "output_hidden_states": True,
    "problem_type": "single_label_classification",
    "return_dict": False,
}
