"""Newcomers: a public bot room in which most users write a handful of prompts."""

from unspool.simulate._parameters import Parameters

TITLE = "A bot room for newcomers: 400 users, some 1,400 threads, every kind of bot line"
PARAMETERS = Parameters()
