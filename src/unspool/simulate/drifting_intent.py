"""Drifting intent: users take up what the images show unasked."""

from unspool.simulate._clean import quiet

TITLE = "Drifting intent: users take up what the images show unasked"
PARAMETERS = quiet(stated_first=0.6, pi_take_up=0.6, invention=0.35, standing_style=1.0, captions=True)
TRUE = (
    "What is added stood in a caption before: users say what an image invented, mostly in place of something else.",
    "Nothing that was left out of the first prompt is added for its own sake.",
    "No style is added, and nothing passes from thread to thread.",
    "Stops and upscales do not depend on the prompts.",
)
