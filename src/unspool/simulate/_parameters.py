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
    interleave_rate: float = 0.0
    """Threads that are broken off for the next thread and taken up again after it."""

    room: bool = True
    """Steps as in a room of newcomers: one edit, or several, by the odds of `edits`. False: by the switches below."""
    taste_sd: float = 0.0
    """Users differ in how much they write: SD of the log odds with which a user states a detail or a style phrase."""
    taste_upscale: float = 0.0
    """rho_uc: correlation of that taste with the user's own rate of upscales."""
    style_pool: float = 0.0
    style_stated: float = 0.5
    """Style phrases that come into question for a thread (mean, Poisson), and whether a prompt states one of them."""
    standing_style: float = 0.0
    """Phrases that a user puts under every prompt from the start; mean, Poisson."""
    toggle_rate: float = 0.0
    """Each detail and each phrase of the pool is stated or not anew with this rate per step: in balance throughout."""
    pi_sub: float = 0.0
    """Per step: a stated detail is replaced by another one of its kind."""
    pi_detail: float = 0.0
    """Per step: a detail of the intended scene that is not stated yet is added."""
    repair: float = 0.0
    """Log odds by which a detail that no image shows is rather added than one that some image shows."""
    pi_style: float = 0.0
    """Per step: a style phrase is added."""
    pi_drop: float = 0.0
    """Per step: a style phrase added in this thread is dropped."""
    kept_after_upscale: float = 0.0
    """kappa_r: log odds by which an added phrase is rather kept, in the thread and for the next, after an upscale."""
    copying: float = 0.0
    """kappa_s: whether an added or first phrase is one that others used within the hour, in `copy_window` prompts."""
    copy_window: int = 50
    pi_paste: float = 0.0
    """Per step: the user's own block of phrases is pasted."""
    pi_take_up: float = 0.0
    """Per step: something that an image shows unasked replaces or joins the stated details."""
    captions: bool = False
    recall: float = 0.85
    false_alarm: float = 0.05
    invention: float = 0.25
    """Whether an image shows a stated detail, an intended one that is not stated, and something nobody thought of."""
    style_shown: float = 0.0
    """Whether a caption names a style phrase of the prompt."""
    satisfaction_gain: float = 0.0
    satisfaction_style: float = 0.0
    satisfaction_noise: float = 0.0
    """Logit of an upscale: gain times satisfaction, the mean share of intended details shown less 1/2, plus so much per
    style phrase, plus noise of that SD."""
    models: tuple[str, ...] = ()
    """Two versions of the model, told by `--v`; none for a channel that does not tell."""
    switchers: float = 0.0
    model_taste: float = 0.0
    """Users who change to the other version between two of their threads; how far a user's choice of the first version
    goes with the user's own half of the style phrases, 0 to 1."""
    model_style: float = 0.0
    own_style: float = 0.0
    """Whether an added phrase is of the half that works with the version at hand, or of the user's own half."""
    length_mean: float = 2.78
    length_sd: float = 0.4
    """Mean and SD by which the natural log of the number of words is standardised."""
    upscale_on_length: float = 0.0
    """beta: logit of an upscale per SD of log length above what the user's prompts have on average."""
    stop_on: str = "chance"
    """What the logit of stopping depends on besides the thread's own hazard: "chance" (nothing), "length" (standardised
    log length of the present prompt), "unseen" (its distance from the thread's own level), or "satisfaction"."""
    stop_slope: float = 0.0
    length_start_sd: float = 0.0
    """Above 0: prompts have drawn numbers of words, whose log starts with this SD around its level."""
    length_start: float = 0.0
    length_user_sd: float = 0.0
    length_pull: float = 0.0
    length_noise: float = 0.0
    length_rise: float = 0.0
    """Where the log starts from its level, on average; SD of the users' levels; the share of its distance from the
    level that a step takes away; SD of the noise of a step; rise of the level per step."""
