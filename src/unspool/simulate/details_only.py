"""Details only: users add what they left out of the first prompt."""

from unspool.simulate._clean import quiet

TITLE = "Details only: users add intended details that they had left out at first; style stays as it is"
PARAMETERS = quiet(stated_first=0.5, pi_detail=0.7, standing_style=1.0, captions=True)
TRUE = (
    "All growth is content: at most steps one detail of the intended scene is added, until all are stated.",
    "Details are added whether or not an image shows them.",
    "No style is added; each user puts the same phrases under every prompt.",
    "The next thread starts anew: no gain is carried over.",
    "Stops and upscales do not depend on the prompts.",
)
