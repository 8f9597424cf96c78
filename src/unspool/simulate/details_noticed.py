"""Details noticed: users add what they left out, rather where the image lacks it."""

from unspool.simulate._clean import quiet

TITLE = "Details noticed: users add left-out details, rather those that the images lack than those they show anyway"
PARAMETERS = quiet(
    stated_first=0.4,
    pi_detail=0.8,
    repair=2.5,
    false_alarm=0.4,
    standing_style=1.0,
    captions=True,
    stop_a=2.0,
    stop_b=2.0,
)
TRUE = (
    "All growth is content: at most steps one detail of the intended scene is added, until all are stated.",
    "A detail that no image shows is rather added than one that some image shows: log odds 2.5.",
    "Threads are longer than elsewhere, so that most have several steps to look at.",
    "No style is added, nothing is carried over; stops and upscales do not depend on the prompts.",
)
