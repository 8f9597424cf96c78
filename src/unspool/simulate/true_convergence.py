"""True convergence: lengths are drawn to one common level."""

from unspool.simulate._clean import quiet

TITLE = "True convergence: each step takes a prompt nearly all of the way to one common length"
PARAMETERS = quiet(length_start_sd=0.5, length_noise=0.11, length_pull=0.9)
TRUE = (
    "Each step takes away .9 of the distance of log length from a level that is the same for all.",
    "Lengths that lie far apart at first lie close together later: the asymmetry of log length is about 1.",
    "The mean log length does not change.",
)
