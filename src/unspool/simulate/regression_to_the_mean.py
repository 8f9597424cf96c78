"""Regression to the mean: lengths scatter around each user's own level, which rises alike for all."""

from unspool.simulate._clean import quiet

TITLE = "Regression to the mean: lengths scatter widely around each user's level, which rises alike for all"
PARAMETERS = quiet(length_start_sd=0.4, length_noise=0.4, length_user_sd=0.25, length_pull=1.0, length_rise=0.05)
TRUE = (
    "Log lengths are independent draws around the user's level: long prompts are followed by shorter ones by chance.",
    "Every step adds .05 to the level on the log scale, whoever writes.",
    "Nothing converges: the asymmetry of log length is 0.",
)
