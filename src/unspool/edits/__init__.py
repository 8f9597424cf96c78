"""Consecutive prompts of a thread: what was kept, added and removed."""
