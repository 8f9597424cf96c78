"""Pairs of images of which one was chosen: what a preference model could be trained on, and whether the prompt is held.

within grid       an upscaled image against each other image of the same grid that was not upscaled
verbatim reroll   the same person's same prompt twice, one grid with an upscaled image and one without
across prompts    neighbours in a thread, one upscaled and the other not: the prompt differs too
"""

import polars as pl

from unspool import tables
from unspool.syntax.parameters import rendered

GRID, REROLL, ACROSS = "within grid", "verbatim reroll", "across prompts"
KINDS = (GRID, REROLL, ACROSS)
IMAGES = 4
MOST_PER_TEXT = 10
"""Pairs of grids of one text of one person that are taken at most."""
PAIRS = tables.Table(
    "pairs",
    {
        "kind": pl.String,
        "prompt": pl.String,
        "chosen_prompt_id": pl.String,
        "chosen_image": pl.UInt8,
        "rejected_prompt_id": pl.String,
        "rejected_image": pl.UInt8,
        "rejected_prompt": pl.String,
        "user_id": pl.String,
        "thread_id": pl.String,
        "step": pl.UInt32,
        "held_fixed": pl.Boolean,
    },
    ("kind", "chosen_prompt_id", "chosen_image", "rejected_prompt_id", "rejected_image"),
)
"""`prompt`, `thread_id`, `step`: of the chosen side. An image without a number: any image of that grid."""
_NO_IMAGE = pl.lit(None, dtype=pl.UInt8)


def pairs(prompts: pl.DataFrame, *, any_pair: bool = False) -> pl.DataFrame:
    """The table PAIRS of some prompts, whole users; those across prompts only if `any_pair`.

    Needs prompt_id, user_id, thread_id, step, text, params, upscaled and upscaled_images. Null upscales give no pairs.
    """
    asked = prompts.with_columns(prompt=rendered(prompts["text"], prompts["params"])).with_row_index("place")
    found = [_within(asked), _rerolls(asked), *([_across(asked)] if any_pair else [])]
    return pl.concat([tables.conform(one, PAIRS) for one in found])


def _within(prompts: pl.DataFrame) -> pl.DataFrame:
    """One row for each chosen and each other image of a grid."""
    numbers = pl.DataFrame({"rejected_image": range(1, IMAGES + 1)}, schema={"rejected_image": pl.UInt8})
    chosen = prompts.filter(pl.col("upscaled_images").list.len() > 0)
    each = chosen.join(numbers, how="cross").filter(~pl.col("upscaled_images").list.contains(pl.col("rejected_image")))
    return (
        each.with_columns(chosen_image="upscaled_images")
        .explode("chosen_image", empty_as_null=False)
        .sort("place", "chosen_image", "rejected_image")
        .with_columns(
            kind=pl.lit(GRID),
            chosen_prompt_id="prompt_id",
            rejected_prompt_id="prompt_id",
            rejected_prompt="prompt",
            held_fixed=pl.lit(True),
        )
    )


def _rerolls(prompts: pl.DataFrame) -> pl.DataFrame:
    """Each upscaled grid of a prompt against each other grid of it, at most MOST_PER_TEXT in the order of the log."""
    known = prompts.filter(pl.col("user_id").is_not_null(), pl.col("upscaled").is_not_null())
    both = pl.col("upscaled").n_unique().over("user_id", "prompt") == 2
    mixed = known.filter(both)
    chosen = mixed.filter("upscaled").rename({"prompt_id": "chosen_prompt_id"})
    others = mixed.filter(~pl.col("upscaled")).select(
        "user_id", "prompt", rejected_prompt_id="prompt_id", other="place"
    )
    found = chosen.join(others, on=["user_id", "prompt"]).sort("place", "other")
    kept = found.filter(pl.int_range(pl.len()).over("user_id", "prompt") < MOST_PER_TEXT)
    return kept.with_columns(
        kind=pl.lit(REROLL),
        chosen_image=_only_image(),
        rejected_image=_NO_IMAGE,
        rejected_prompt="prompt",
        held_fixed=pl.lit(True),
    )


def _across(prompts: pl.DataFrame) -> pl.DataFrame:
    """Neighbours in a thread whose prompts differ and of which one was upscaled."""
    rows = prompts.filter(pl.col("thread_id").is_not_null()).sort("thread_id", "step")
    following = {name: pl.col(name).shift(-1).over("thread_id") for name in ("prompt_id", "prompt", "upscaled")}
    paired = rows.with_columns(**{f"next_{name}": value for name, value in following.items()})
    unlike = (pl.col("upscaled") != pl.col("next_upscaled")) & (pl.col("prompt") != pl.col("next_prompt"))
    paired = paired.filter(unlike.fill_null(False)).sort("place")
    first = pl.col("upscaled")
    later = prompts.select(next_prompt_id="prompt_id", next_images="upscaled_images", next_step="step")
    paired = paired.join(later, on="next_prompt_id", how="left", maintain_order="left")
    return paired.with_columns(
        kind=pl.lit(ACROSS),
        chosen_prompt_id=pl.when(first).then("prompt_id").otherwise("next_prompt_id"),
        rejected_prompt_id=pl.when(first).then("next_prompt_id").otherwise("prompt_id"),
        chosen_image=pl.when(first).then(_only_image()).otherwise(_only_image("next_images")),
        rejected_image=_NO_IMAGE,
        rejected_prompt=pl.when(first).then("next_prompt").otherwise("prompt"),
        step=pl.when(first).then("step").otherwise("next_step"),
        held_fixed=pl.lit(False),
        prompt=pl.when(first).then("prompt").otherwise("next_prompt"),
    )


def _only_image(column: str = "upscaled_images") -> pl.Expr:
    """The number of the upscaled image where there is just one known."""
    return pl.when(pl.col(column).list.len() == 1).then(pl.col(column).list.first())
