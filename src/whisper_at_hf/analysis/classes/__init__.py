"""`whisper-at analyze classes`: is a recogniser robust against the sounds that its encoder knows?"""
