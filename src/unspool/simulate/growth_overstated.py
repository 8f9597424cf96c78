"""Growth overstated: prompts grow, and since long ones end their threads sooner, what is left grows faster still."""

from unspool.simulate._clean import growing

TITLE = "Growth overstated: prompts grow, and long ones end their threads sooner, so that the log shows too much"
PARAMETERS = growing(stop_slope=0.5)
TRUE = (
    "Threads start .25 in log length below their user's level, and each step goes half of the way to it: prompts grow.",
    "Each SD of log length adds .5 to the log odds of stopping: those who go on wrote short prompts, and rise more.",
    "Nothing passes from thread to thread.",
)
