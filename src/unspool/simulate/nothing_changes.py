"""Nothing changes: details and style phrases come and go in balance."""

from unspool.simulate._clean import balanced

TITLE = "Nothing changes: details and style come and go in balance; upscales and stops are chance"
PARAMETERS = balanced()
TRUE = (
    "Prompts neither grow nor shrink along a thread: each detail and style phrase is in balance from the start.",
    "Time could run backwards: the convergence asymmetry is 0.",
    "Nothing passes from thread to thread, and nobody copies.",
    "Users differ in length, in style and in how often they upscale, but the three are independent of each other.",
    "Stops and upscales do not depend on the prompts.",
)
