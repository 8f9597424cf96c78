"""The settings of the generative model."""

from dataclasses import dataclass, field


def _edits() -> dict[str, float]:
    return {
        "add_detail": 0.24,
        "add_style": 0.20,
        "substitute": 0.16,
        "delete": 0.08,
        "reroll": 0.14,
        "reword": 0.10,
        "parameter": 0.08,
    }


@dataclass(frozen=True)
class Parameters:
    """Settings of a scenario. Rates are probabilities; gaps are medians in seconds of a log-normal."""

    users: int = 400
    start: str = "2025-07-01T00:00:00+00:00"
    days: float = 30.0
    threads_mean: float = 3.53
    """Mean threads of a user; times the mean length of a thread, 1.586, it gives 5.6 prompts."""
    threads_shape: float = 0.8
    """Shape of the gamma that mixes the geometric numbers of threads; small is unequal."""
    stop_a: float = 2.91
    stop_b: float = 1.12
    """A thread's stop hazard is Beta(a, b): lengths are beta-geometric, mean (a + b - 1) / (a - 1)."""
    stated_first: float = 0.55
    """p0: whether the first prompt of a thread already states a given detail of the intended scene."""
    style_first: float = 1.5
    """Mean number of style phrases that a first prompt gets from the user's lexicon; Poisson."""
    topic_persistence: float = 0.5
    edits: dict[str, float] = field(default_factory=_edits)
    """Odds of the kinds of edit; those that cannot be made at a step are left out."""
    more_edits: float = 0.3
    """Whether an edit of the text is followed by another one in the same step, and that by another."""
    exploration: float = 0.6
    """Share of added style phrases that are new to the user rather than from the user's lexicon."""
    retention: float = 0.3
    """kappa: whether a style phrase of the last prompt is carried over to the next thread."""
    reinforcement: float = 0.5
    """kappa_r: weight that an upscale adds to each style phrase of the prompt in the user's lexicon (new: 1)."""
    upscale_mean: float = -1.45
    upscale_sd: float = 1.3
    upscale_gain: float = 0.0
    """Logit of an upscale: N(mean, sd) of the user, plus gain times the share of intended details stated, less 1/2."""
    series_rate: float = 0.12
    """Threads that take the last thread's prompt as a template: another entity, all else the same."""
    pasters: float = 0.2
    paste_rate: float = 0.6
    """Users who keep a block of style phrases, and how often they paste it under the first prompt of a thread."""
    remix_rate: float = 0.08
    trap_rate: float = 0.10
    """Threads whose texts hold what misleads a parser: a link, `::2`, `(fast)`, ` - `, `@name`, `--` in prose, `**`."""
    foreign_users: float = 0.08
    foreign_rate: float = 0.8
    blend_rate: float = 0.015
    empty_rate: float = 0.006
    gap_s: float = 180.0
    gap_sigma: float = 0.9
    thread_gap_s: float = 2700.0
    thread_gap_sigma: float = 1.7
    unlinked_rate: float = 0.2
    """Upscales and variations of the older form, without a reference: only the text links them."""
    stranger_rate: float = 0.04
    """Upscales pressed by another user, whom the line then mentions."""
    derived_rate: float = 0.08
    second_upscale_rate: float = 0.2
    start_rate: float = 0.02
    progress_rate: float = 0.02
    stopped_rate: float = 0.01
    chatter_rate: float = 0.06
    other_rate: float = 0.03
    orphan_rate: float = 0.012
