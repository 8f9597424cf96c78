"""Confounded users: those who write more also upscale more."""

from unspool.simulate._clean import balanced

TITLE = "Confounded users: those who write longer prompts upscale more, but no prompt is upscaled for its length"
PARAMETERS = balanced(taste_sd=1.2, taste_upscale=0.6)
TRUE = (
    "Taste for details and style correlates .6 with the rate of upscales: upscaled prompts are longer.",
    "Within a user a prompt is not likelier to be upscaled for what it says: every effect within users is 0.",
    "Prompts neither grow nor shrink along a thread.",
)
