"""The settings that scenarios with separate mechanisms share: a quiet channel whose threads are easy to tell apart."""

from functools import partial

from unspool.simulate._parameters import Parameters

quiet = partial(
    Parameters,
    users=150,
    room=False,
    days=30.0,
    topic_persistence=0.0,
    style_first=0.0,
    retention=0.0,
    reinforcement=0.0,
    series_rate=0.0,
    pasters=0.0,
    paste_rate=0.0,
    remix_rate=0.0,
    trap_rate=0.0,
    foreign_users=0.0,
    blend_rate=0.0,
    empty_rate=0.0,
    gap_s=60.0,
    gap_sigma=0.5,
    thread_gap_s=10800.0,
    thread_gap_sigma=0.7,
    unlinked_rate=0.0,
    stranger_rate=0.0,
    derived_rate=0.0,
    second_upscale_rate=0.0,
    start_rate=0.0,
    progress_rate=0.0,
    stopped_rate=0.0,
    chatter_rate=0.02,
    other_rate=0.0,
    orphan_rate=0.0,
)
"""Parameters of a quiet channel of 150 users in which nothing happens yet: the scenario says what does."""

balanced = partial(
    quiet,
    stated_first=0.6,
    style_pool=4.0,
    style_stated=0.5,
    toggle_rate=0.25,
    pi_sub=0.05,
    taste_sd=0.6,
    length_mean=2.34,
    length_sd=0.5,
)
"""The same with details and style phrases that come and go, in balance from the first prompt on."""

growing = partial(
    quiet,
    length_start=-0.25,
    length_start_sd=0.35,
    length_user_sd=0.25,
    length_pull=0.5,
    length_noise=0.3,
    stop_on="length",
)
"""The same with lengths that are drawn around a level below which threads start, half of the way to it at each step."""

adapting = partial(
    quiet,
    standing_style=1.0,
    pi_style=0.6,
    pi_drop=0.15,
    exploration=0.4,
    reinforcement=1.0,
    kept_after_upscale=1.0,
    retention=0.5,
    captions=True,
)
"""The same with style that is added, kept rather after an upscale, and carried over."""

versions = partial(
    adapting,
    captions=False,
    stated_first=0.6,
    toggle_rate=0.25,
    pi_sub=0.05,
    models=("5.2", "6"),
    switchers=0.7,
    threads_mean=6.0,
)
"""The same in many threads a user, without captions, with two versions of the model that users change between."""
