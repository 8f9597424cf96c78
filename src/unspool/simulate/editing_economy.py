"""Editing economy: users paste a block of their own."""

from unspool.simulate._clean import quiet

TITLE = "Editing economy: users paste a standing block of their own, and learn nothing"
PARAMETERS = quiet(stated_first=0.6, toggle_rate=0.25, pi_paste=0.3, retention=0.5)
TRUE = (
    "Style grows only because a user's own block of phrases is pasted, always word for word.",
    "Half of the pasted blocks stand under the next threads' prompts too: what is carried over is a paste.",
    "Upscales have no effect on what is kept, and nobody copies from others.",
    "Details come and go in balance.",
)
