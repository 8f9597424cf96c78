"""Social copying: style is taken from what others used of late."""

from unspool.simulate._clean import quiet

TITLE = "Social copying: style phrases are copied from what others used in the last hour"
PARAMETERS = quiet(
    stated_first=0.6,
    style_first=1.5,
    pi_style=0.5,
    exploration=1.0,
    copying=0.7,
    days=0.5,
    thread_gap_s=1800.0,
    thread_gap_sigma=0.8,
)
TRUE = (
    "With probability .7 a style phrase of a first prompt or of a step is one that others used within the hour.",
    "All growth is style; nothing passes from thread to thread.",
    "Upscales have no effect on what is kept; stops and upscales do not depend on the prompts.",
)
