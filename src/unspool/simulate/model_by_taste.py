"""Model by taste: people of one taste choose one version of the model, and nobody's style follows it."""

from unspool.simulate._clean import versions

TITLE = "Model by taste: who likes some style phrases chooses one version of the model, and changes style with none"
PARAMETERS = versions(model_taste=0.8, own_style=0.7)
TRUE = (
    "Of the phrases that a user adds 70% are of the user's own half of all phrases, the rest of any.",
    "Nine in ten users begin with the version of their half; people of the two versions speak differently.",
    "Of the users with several threads 70% change the version between two of them; what they add stays the same.",
    "Half of what was added in a thread stands under the first prompt of the next ones, with either version.",
)
