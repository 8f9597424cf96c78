"""Stopping only: nothing changes, but long prompts end their threads sooner."""

from unspool.simulate._clean import balanced

TITLE = "Stopping only: nothing changes, but the longer a prompt, the likelier it ends its thread"
PARAMETERS = balanced(toggle_rate=0.6, taste_sd=0.3, stop_on="length", stop_slope=0.5)
TRUE = (
    "Prompts would neither grow nor shrink if nobody stopped.",
    "Each SD of log length adds .5 to the log odds of stopping: last prompts are long, and raw changes mislead.",
    "Nothing passes from thread to thread; upscales do not depend on the prompts.",
)
