"""Model specific: two versions of the model, and users who add the style that goes with the one at hand."""

from unspool.simulate._clean import versions

TITLE = "Model specific: style is added, most of it of the kind that goes with the version of the model at hand"
PARAMETERS = versions(model_style=0.7)
TRUE = (
    "Of the phrases that are added 70% are of the half of all phrases that goes with the version, the rest of any.",
    "Of the users with several threads 70% change the version between two of them, each in their own time.",
    "Half of what was added in a thread stands under the first prompt of the next ones, with either version.",
    "Which version a user begins with is chance; details come and go in balance; stops are blind.",
)
