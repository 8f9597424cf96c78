"""Results made by hand, with the conventions of the analyses, for tests of figures and of the report."""

import polars as pl

from unspool import tables
from unspool.features import columns as known_columns

LEVEL = {"ci_level": 0.95}
LEAST = {"note": "threads of at least 4 prompts"}
PAIR = ("n_words", "concreteness")
COLUMNS = known_columns()
COLUMNS = COLUMNS | {f"caption_{name}": column.of_captions() for name, column in COLUMNS.items()}


def frame(rows):
    same = {"mode": "paper", "rule": "iou", "seed": 0, "n_users": 7}
    return pl.DataFrame([same | row for row in rows], schema=tables.RESULTS.columns, orient="row")


def point(analysis, feature, estimand, value, half=None, **more):
    ends = {} if half is None else {"ci_low": value - half, "ci_high": value + half} | LEVEL
    return {"analysis": analysis, "feature": feature, "estimand": estimand, "estimate": value} | ends | more


def void(analysis, feature, estimand, note, **more):
    return {"analysis": analysis, "feature": feature, "estimand": estimand, "note": note} | more


def along(analysis, feature, estimand, first, rise, steps=4, half=0.5, **more):
    """`steps` means that begin at `first` and rise by `rise` with each step."""
    n = {"n_threads": 40, "n_prompts": 40}
    return [
        point(analysis, feature, estimand, first + rise * step, half, step=step + 1, **(n | more))
        for step in range(steps)
    ]


def log():
    counts = {"n_records": 90, "n_prompts": 60, "n_users": 7, "n_threads": 31}
    lengths = {1: 20, 2: 6, 3: 0, 4: 4}
    shares = {"any parameter": 0.6, "aspect": 0.4}
    return [
        *(point("log", "-", name, n, n_prompts=60) for name, n in counts.items()),
        point("log", "-", "mean_thread_length", 1.94, 0.2, n_prompts=60, n_threads=31),
        point("log", "-", "share_upscaled", 0.25, 0.05, n_prompts=60),
        *(point("log", "-", "n_threads_of_length", n, step=step, n_threads=n) for step, n in lengths.items()),
        point("log", "-", "n_threads_of_length", 1, group="more", n_threads=1),
        *(point("log", "-", "n_threads_at_least", n, step=step) for step, n in {4: 5, 10: 1}.items()),
        *(point("log", "-", "share_with_parameter", s, 0.1, group=g, n_prompts=60) for g, s in shares.items()),
    ]


def upscaled(features=PAIR, groups=("prompts", "captions")):
    for group in groups:
        for place, feature in enumerate(features):
            same = {"group": group, "n_prompts": 60}
            yield point("upscaled", feature, "mean_upscaled", 12.0, 1, **same)
            yield point("upscaled", feature, "mean_not", 11.0, 1, **same)
            test = {"p_value": 0.01, "p_adjusted": 0.02, "effect": 0.1, "effect_name": "cliffs_delta"}
            yield point("upscaled", feature, "mann_whitney", 400, **same, **test)
            yield point("upscaled", feature, "cliffs_delta", 0.1 - 0.05 * place, 0.04, **same)


def predict():
    accuracy = {None: 58.0, "seed 0": 57.0, "seed 1": 59.0}
    areas = {"auc_base": 0.63, "auc_text": 0.55, "auc_both": 0.64, "auc_row_split": 0.61}
    error = {"standard_error": 0.4}
    yield from (
        point("predict", "-", "accuracy_paper", value, group=group, n_prompts=30, **({} if group else error))
        for group, value in accuracy.items()
    )
    yield from (point("predict", "-", name, value, 0.02, n_prompts=60) for name, value in areas.items())


def drift(features=PAIR):
    for feature in features:
        yield from along("drift", feature, "mean", 10, 0.5, note="threads of at least 4 prompts")
        yield point("drift", feature, "rise", 1.5, 0.5, n_threads=40, note="threads of at least 4 prompts")


def convergence(features=PAIR):
    for feature in features:
        for group in ("last of thread", "step 4"):
            yield from along("convergence", feature, "risers", 9, 1, group=group, n_threads=24)
            yield from along("convergence", feature, "fallers", 13, -0.5, group=group, n_threads=16)
            for name, value in {"gap_start": 4, "gap_end": -0.5, "gap_closed": 1.1}.items():
                yield point("convergence", feature, name, value, 0.3, group=group, n_threads=40)


def across(features=PAIR, models=("version 5.2", "version 6.1", "version niji 5")):
    for feature in features:
        for place, model in enumerate(models):
            yield from along("across", feature, "mean", 10 + place, 0.5, model=model)
            yield point("across", feature, "rise", 1.5, 0.5, model=model, n_threads=40)


def corrected(analysis, feature, values, **more):
    """Estimates of mode "corrected" of one feature, by estimand."""
    same = {"mode": "corrected", "n_prompts": 60, "n_threads": 40} | more
    return [point(analysis, feature, name, value, 0.05, **same) for name, value in values.items()]


def change(features=PAIR):
    values = {"raw_transition": 0.12, "ipcw": 0.01, "drop_last": 0.02, "thread_slope": 0.03}
    return [row for feature in features for row in corrected("drift", feature, values)]


def forest(features=PAIR):
    values = {"pooled": 0.1, "between_user": 0.2, "within_user": 0.0, "within_thread_diff": -0.01}
    return [row for feature in features for row in corrected("upscaled", feature, values, group="prompts")]


def growth():
    net = {f"net_{kind}": 0.0 for kind in tables.WORD_KINDS}
    return corrected("growth", "n_words", {"net": 0.5} | net | {"net_entity": 0.3, "net_style": 0.2})


def by_step(analysis, feature, values, steps, **more):
    """Estimates of mode "corrected" at each of these steps, by estimand; they grow with the step."""
    return [
        point(
            analysis, feature, name, value * step, 0.05, step=step, mode="corrected", n_prompts=60, n_threads=40, **more
        )
        for name, value in values.items()
        for step in steps
    ]


def asymmetry(features=PAIR):
    return [row for feature in features for row in corrected("convergence", feature, {"A_step": 0.2})]


def order(features=PAIR):
    curve = {"order_curve": 0.1, "null_low": -0.04, "null_high": 0.04}
    return [row for feature in features for row in by_step("drift", feature, curve, (2, 3))]


def naive_and_corrected(features=PAIR):
    return [*drift(features), *order(features)]


def shapes(features=PAIR):
    sides = {"risers_centred": 0.2, "fallers_centred": -0.2}
    return [row for feature in features for row in by_step("convergence", feature, sides, (1, 2, 3))]


def growth_by_step():
    return by_step("growth", "n_words", {"net_content": 0.2, "net_all_style": 0.1}, (2, 3))


def sawtooth(features=("n_style_words", "n_content_words")):
    ends = {"tenure": 2.0, "tenure_last": 3.0}
    return [row for feature in features for row in by_step("carryover", feature, ends, (1, 2, 3))]


def incidence(causes=("any", "satisfied", "switched", "abandoned")):
    return [row for cause in causes for row in by_step("stopping", "-", {"incidence": 0.2}, (1, 2), group=cause)]


def specification():
    values = {"iou": 0.2, "gap": -0.1, "scene": 0.4}
    same = {"analysis": "specification", "feature": "n_words"}
    rows = [
        point(**same, estimand="drift/ipcw", value=value, half=0.05, mode="corrected", rule=rule, n_threads=40)
        for rule, value in values.items()
    ]
    return [*rows, point(**same, estimand="drift/ipcw flips", value=1.0, mode="corrected", rule="scene")]


def carryover(features=("n_style_words", "n_content_words", "style_minus_content")):
    return [row for feature in features for row in corrected("carryover", feature, {"R": 0.3})]


def scorecard():
    sides = {("omitted_details", "repair"): 1.0, ("adaptation", "dose"): 0.0, ("stopping", "stopping"): -1.0}
    more = {"effect_name": "agreement"}
    return [
        row
        for (explanation, signature), side in sides.items()
        for row in corrected("scorecard", explanation, {signature: 0.1}, effect=side, **more)
    ]


def lorenz():
    shares = {0: 0.0, 25: 0.05, 50: 0.2, 75: 0.45, 100: 1.0}
    n = {"n_prompts": 60, "n_users": 7}
    return [point("concentration", "users", "lorenz", value, step=step, **n) for step, value in shares.items()]


def rounds(kinds=("all", "first")):
    n = {"n_prompts": 60, "n_users": 7}
    return [
        point("closed_loop", "style", "mass", 0.2 + 0.05 * step * (kind != "first"), 0.02, group=kind, step=step, **n)
        for kind in kinds
        for step in range(4)
    ]


def pairs():
    n = {"n_prompts": 60, "n_users": 7}
    left = {"all prompts": 60, "upscale known": 60, "upscaled": 20, "image known": 18}
    kinds = {"within grid": 50, "verbatim reroll": 4, "across prompts": 30}
    return [
        *(point("selection", "prompts", "n_left", k, group=group, **n) for group, k in left.items()),
        *(point("selection", "pairs", "n_pairs", k, group=group, **n) for group, k in kinds.items()),
        *(
            point("selection", "pairs", "n_left", k, group=g, **n)
            for g, k in {"all pairs": 84, "prompt held fixed": 54}.items()
        ),
    ]


def distances(groups=("first", "last", "upscaled"), pairs=("first:last", "first:upscaled")):
    n = {"n_prompts": 60, "n_threads": 20, "n_users": 7}
    means = [point("model_language", "style", "share", 0.2, 0.1, group=group, **n) for group in groups]
    return [*means, *(point("model_language", "text", "auc", 0.6, 0.1, group=pair, **n) for pair in pairs)]


def models():
    own = {"own_model": 0.4, "own_model_within": 0.3, "own_model_weeks": 0.2}
    kept = {"kept_same": 0.5, "kept_switched": 0.3, "kept_less": 0.2}
    parts = {"upscale_difference": 0.1, "upscale_by_prompts": 0.04, "upscale_by_model": 0.06}
    return [
        *corrected("model_specific", "style", own | kept),
        *corrected("model_specific", "upscaled", parts),
    ]


def surprisal(features=("slor", "dialect")):
    changes = {"raw_transition": -0.2, "length_held": -0.05, "same_length": 0.01}
    appended = {"append_observed": 0.3, "append_null": 0.1, "beyond_append": 0.2}
    rows = [row for feature in features for row in corrected("surprisal", feature, changes)]
    return [*rows, *corrected("surprisal", "dialect", appended)]


def variance(features=PAIR):
    shares = {"user": 0.5, "thread": 0.3, "prompt": 0.2, "icc_user": 0.5, "icc_thread": 0.8}
    return [row for feature in features for row in corrected("variance", feature, shares)]


def families(analysis, values):
    odds = {"effect": 1.5, "effect_name": "odds ratio"}
    return [row for feature in ("style", "content") for row in corrected(analysis, feature, values, **odds)]


def reinforcement():
    return families("reinforcement", {"log_odds": 0.4, "log_odds_kept": 0.3, "log_odds_term": 0.2})


def exposure():
    return families("exposure", {"hazard": 0.4, "hazard_without_blocks": 0.3})


def entrainment():
    return families("entrainment", {"excess": 0.1, "C": 0.2})


def repair():
    cells = {"seen_before": 0.2, "missing_then_appears": 0.7, "missing_and_stays": 0.1}
    return corrected("repair", "all", cells | {"excess": 0.5, "excess_users": 0.4, "selection": 0.1, "placebo": 0.0})


def everything():
    missing = "the language model was not asked for"
    return frame(
        [
            *log(),
            *upscaled(),
            *predict(),
            *drift(),
            void("drift", "perplexity_paper", "rise", missing),
            *convergence(),
            void("convergence", "perplexity_paper", "gap_closed", missing),
            *across(),
            *(row | LEAST for row in change()),
            *forest(),
            *growth(),
            *asymmetry(),
            *(row | LEAST for row in order()),
            *shapes(),
            *growth_by_step(),
            *sawtooth(),
            *incidence(),
            *specification(),
            *carryover(),
            *models(),
            *surprisal(),
            *variance(),
            *(row for feature in PAIR for row in corrected("variance", feature, {"design_effect": 2.0})),
            *reinforcement(),
            *exposure(),
            *repair(),
            *entrainment(),
            *scorecard(),
        ]
    )
