"""Details only: users add what they left out of the first prompt."""

from unspool.simulate._clean import quiet

TITLE = "Details only: users add intended details that they had left out at first; style stays as it is"
PARAMETERS = quiet(stated_first=0.5, pi_detail=0.7, repair=2.0, false_alarm=0.3, standing_style=1.0, captions=True)
TRUE = (
    "All growth is content: at most steps one detail of the intended scene is added, until all are stated.",
    "A detail that no image shows is rather added than one that some image shows: log odds 2.",
    "No style is added; each user puts the same phrases under every prompt.",
    "The next thread starts anew: no gain is carried over.",
    "Stops and upscales do not depend on the prompts.",
)
