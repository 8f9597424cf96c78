"""Upscaled longer: a prompt that is long for its user is upscaled more."""

from unspool.simulate._clean import balanced

TITLE = "Upscaled longer: a prompt that is long for its user is likelier to be upscaled"
PARAMETERS = balanced(upscale_on_length=0.8)
TRUE = (
    "Each SD of log length above what is usual for the user adds .8 to the log odds of an upscale.",
    "Users who write longer prompts do not upscale more for that.",
    "Prompts neither grow nor shrink along a thread.",
)
