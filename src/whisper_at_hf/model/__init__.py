"""The model: configuration, encoder, tagging heads, and what turns their logits into tags.

This is the room that saved folders copy for `trust_remote_code`: its modules import each other relatively and nothing
else of ours, and no two of them share a name.
"""
