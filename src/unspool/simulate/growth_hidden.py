"""Growth hidden: prompts grow, but since short ones end their threads sooner, the log shows less than half."""

from unspool.simulate._clean import growing

TITLE = "Growth hidden: prompts grow, but short ones end their threads sooner, so that the log shows too little"
PARAMETERS = growing(stop_slope=-0.5)
TRUE = (
    "Threads start .25 in log length below their user's level, and each step goes half of the way to it: prompts grow.",
    "Each SD of log length takes .5 from the log odds of stopping: those who go on wrote long prompts, and fall back.",
    "Nothing passes from thread to thread.",
)
