"""Hard boundaries: threads that are hard to tell apart."""

from unspool.simulate._parameters import Parameters

TITLE = "Hard boundaries: interleaved threads, series and pasted blocks, for the grouping rules"
PARAMETERS = Parameters(
    users=150,
    series_rate=0.3,
    pasters=0.5,
    paste_rate=0.8,
    topic_persistence=0.7,
    interleave_rate=0.4,
    thread_gap_s=300.0,
    thread_gap_sigma=1.0,
    foreign_users=0.0,
    trap_rate=0.0,
    blend_rate=0.0,
    empty_rate=0.0,
)
TRUE = (
    "Three threads in ten repeat the last prompt about another entity.",
    "Half of the users put a long pasted block under most first prompts.",
    "Threads are broken off for the next one and taken up again; in the truth they keep their number.",
    "Gaps between threads are hardly longer than those within.",
)
