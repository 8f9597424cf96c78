"""Newcomers: a public bot room in which most users write a handful of prompts."""

from unspool.simulate._parameters import Parameters

TITLE = "A bot room for newcomers: 400 users, some 1,400 threads, every kind of bot line"
PARAMETERS = Parameters()
TRUE = (
    "Users add details and style phrases; both grow along a thread.",
    "A third of the style of a thread's last prompt passes to the next thread (retention .3).",
    "Upscales and stops do not depend on the prompts.",
)
