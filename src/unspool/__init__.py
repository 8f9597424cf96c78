"""unspool: unwind a prompt log into threads, and study how the prompts change."""

__version__ = "0.1.0"
