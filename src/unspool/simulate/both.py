"""Both: left-out details are added, and style is adapted."""

from unspool.simulate._clean import adapting

TITLE = "Both: left-out details are added, and style is added, kept after upscales and carried over"
PARAMETERS = adapting(stated_first=0.5, pi_detail=0.7)
TRUE = (
    "Growth is part content, part style; the quantity share_content says how much.",
    "Details start anew in every thread; half of the added style is carried over (retention .5).",
    "After an upscale the log odds that an added phrase is kept are higher by 1.",
    "Stops and upscales do not depend on the prompts.",
)
