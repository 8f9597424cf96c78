"""Wandering: lengths go where chance takes them."""

from unspool.simulate._clean import quiet

TITLE = "Wandering: log length is a random walk"
PARAMETERS = quiet(length_mean=3.0, length_start_sd=0.3, length_noise=0.2)
TRUE = (
    "Log length is a random walk without drift: prompts of different threads move apart.",
    "The asymmetry of log length is -1.",
)
