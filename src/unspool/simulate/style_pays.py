"""Style pays: style is added and carried over, and prompts with more of it are upscaled more."""

from unspool.simulate._clean import adapting

TITLE = "Style pays: style is added and carried over, and prompts with more of it are upscaled more"
PARAMETERS = adapting(satisfaction_gain=0.8, satisfaction_style=0.6, upscale_mean=-2.2)
TRUE = (
    "Each style phrase of a prompt adds .48 to the log odds of an upscale, and each tenth of the details shown .08.",
    "First prompts have less style than middle ones, and last prompts the most; captions name hardly any.",
    "Upscaled prompts have more style than all prompts: whoever trains on them alone trains on more of it.",
)
