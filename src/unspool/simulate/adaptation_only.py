"""Adaptation only: users add style, keep what was upscaled, and carry half of it over."""

from unspool.simulate._clean import adapting

TITLE = "Adaptation only: style is added, kept after upscales, and carried over; content comes and goes in balance"
PARAMETERS = adapting(stated_first=0.6, toggle_rate=0.25, pi_sub=0.05)
TRUE = (
    "All growth is style: phrases are added, from a lexicon in which upscaled ones weigh more.",
    "Half of what was added in a thread stands under the first prompt of the next ones (retention .5).",
    "After an upscale the log odds that an added phrase is kept are higher by 1, in the thread and for the next.",
    "Details come and go in balance; what the images show has no influence.",
    "Stops and upscales do not depend on the prompts.",
)
