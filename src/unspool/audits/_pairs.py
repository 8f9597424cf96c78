"""Pairs of images of which one was chosen: what a preference model could be trained on, and whether the prompt is held.

within grid       an upscaled image against each image of the same grid that was not upscaled
verbatim reroll   one person's same prompt twice, one grid with an upscaled image and one without
across prompts    neighbours in a thread, one upscaled and the other not, whose prompts differ
"""

import polars as pl

from unspool import tables
from unspool.syntax.parameters import rendered

GRID, REROLL, ACROSS = "within grid", "verbatim reroll", "across prompts"
KINDS = (GRID, REROLL, ACROSS)
IMAGES = 4
"""Images of a grid."""
MOST_PER_TEXT = 10
"""Pairs of rerolls of one prompt of one person that are taken at most."""
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
"""`prompt`: text and parameters of the chosen side, whose `thread_id` and `step` these are. `chosen_image`: of several
the first, null where the number is not known; `rejected_image` null: any image of that grid, none was upscaled."""
PLACED = {
    "kind": pl.String,
    "chosen": pl.UInt32,
    "chosen_image": pl.UInt8,
    "rejected": pl.UInt32,
    "rejected_image": pl.UInt8,
}
_IMAGE_LISTS = tables.PROMPTS.columns["upscaled_images"]


def pairs(prompts: pl.DataFrame, *, any_pair: bool = False) -> pl.DataFrame:
    """The table PAIRS of some prompts, whole users: by kind and in the order of the prompts.

    Needs prompt_id, user_id, thread_id, step, text, params, upscaled and upscaled_images; without the last one no pair
    is within a grid. Pairs across prompts only if `any_pair`. Prompts of which nobody knows whether they were upscaled
    are in no pair. n_image_links, model and action, where they are there, tell prompts of equal text apart.
    """
    found = placed(grids(prompts.lazy()).collect(), any_pair=any_pair)
    texts = rendered(prompts["text"], prompts["params"])
    chosen, rejected = prompts.select("prompt_id", "user_id", "thread_id", "step")[found["chosen"]], found["rejected"]
    sides = found.with_columns(
        *chosen.rename({"prompt_id": "chosen_prompt_id"}),
        prompt=texts.gather(found["chosen"]),
        rejected_prompt_id=prompts["prompt_id"].gather(rejected),
        rejected_prompt=texts.gather(rejected),
        held_fixed=pl.col("kind") != ACROSS,
    )
    return tables.conform(sides, PAIRS)


def grids(prompts: pl.LazyFrame) -> pl.LazyFrame:
    """What pairs are found by, a row per prompt in the same order: about 40 bytes each, so that large logs fit.

    user, thread: numbers for the ids, null without one; step; upscaled; images: those that were upscaled; said: equal
    for equal texts and parameters; repeats: whether another grid of the same `said` is one of the same prompt; opens:
    whether the log had no such prompt of the person before. Grids do not repeat where images were given with them,
    which the log does not tell apart; where the seed was, which draws the same images again; and in a remix, which
    is made from an image.
    """
    known = prompts.collect_schema()
    written = pl.col("params").list.eval(pl.element().struct.json_encode()).list.join("\x1f").fill_null("")
    seeded = pl.col("params").list.eval(pl.element().struct.field("name")).list.contains("seed").fill_null(False)
    links = pl.col("n_image_links") if "n_image_links" in known else pl.col("text").str.count_matches("<link>")
    shown = (links.fill_null(0) > 0) | written.str.contains("<link>", literal=True)
    model = pl.col("model") if "model" in known else pl.lit(None, dtype=pl.String)
    images = pl.col("upscaled_images") if "upscaled_images" in known else pl.lit(None, dtype=_IMAGE_LISTS)
    action = (pl.col("action") if "action" in known else pl.lit(None, dtype=pl.String)).fill_null("")
    return prompts.select(
        *(
            pl.when(pl.col(f"{what}_id").is_not_null()).then(pl.col(f"{what}_id").hash()).alias(what)
            for what in ("user", "thread")
        ),
        pl.col("step").cast(pl.UInt32),
        pl.col("upscaled"),
        images.cast(_IMAGE_LISTS).alias("images"),
        said=pl.struct(pl.col("text").fill_null(""), written.alias("written"), model.alias("by")).hash(),
        repeats=~(shown | seeded | (action == "remix")),
        opens=action == "grid",
    )


def placed(found: pl.DataFrame, *, any_pair: bool = False) -> pl.DataFrame:
    """The pairs among `grids`, with the columns PLACED: `chosen` and `rejected` are rows of `found`, from 0."""
    rows = found.with_row_index("row")
    parts = [_within(rows), _rerolls(rows), *([_across(rows)] if any_pair else [])]
    return pl.concat([pl.DataFrame(schema=PLACED), *(part.select(_of_schema(part)) for part in parts)])


def _of_schema(part: pl.DataFrame) -> list[pl.Expr]:
    return [
        (pl.col(name) if name in part.columns else pl.lit(None)).cast(kind).alias(name) for name, kind in PLACED.items()
    ]


def _within(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each upscaled and each other image of a grid."""
    images = pl.col("images")
    known = rows.filter(pl.col("upscaled"), images.list.len() > 0, images.list.max() <= IMAGES)
    chosen = known.select("images", kind=pl.lit(GRID), chosen="row", rejected="row", chosen_image=images.list.unique())
    one_by_one = chosen.explode("chosen_image", empty_as_null=False)
    numbers = pl.DataFrame({"rejected_image": range(1, IMAGES + 1)}, schema={"rejected_image": pl.UInt8})
    found = one_by_one.join(numbers, how="cross").filter(~pl.col("rejected_image").is_in(images))
    return found.sort("chosen", "chosen_image", "rejected_image")


def _rerolls(rows: pl.DataFrame) -> pl.DataFrame:
    """Upscaled grids of a prompt against its other ones, each as often as the others until MOST_PER_TEXT are there."""
    text = ["user", "said"]
    known = rows.filter(pl.col("repeats"), pl.col("user").is_not_null(), pl.col("upscaled").is_not_null())
    # Prompts that differed in the log may be equal here, where words or personal data have been taken out of them.
    same = pl.col("opens").sum().over(text) <= 1
    mixed = known.filter(same, pl.col("upscaled").n_unique().over(text) == 2)
    mixed = mixed.with_columns(place=pl.int_range(pl.len(), dtype=pl.Int64).over(*text, "upscaled"))
    mixed = mixed.filter(pl.col("place") < MOST_PER_TEXT)
    chosen = mixed.filter("upscaled").select(*text, chosen="row", place="place", chosen_image=_first())
    others = mixed.filter(~pl.col("upscaled")).select(
        *text, rejected="row", other="place", n=pl.len().over(text).cast(pl.Int64)
    )
    crossed = chosen.join(others, on=text).with_columns(turn=(pl.col("other") - pl.col("place")) % pl.col("n"))
    kept = crossed.sort(*text, "turn", "place").filter(pl.int_range(pl.len()).over(text) < MOST_PER_TEXT)
    return kept.with_columns(kind=pl.lit(REROLL)).sort("chosen", "rejected")


def _across(rows: pl.DataFrame) -> pl.DataFrame:
    """Neighbours in a thread whose prompts differ and of which one was upscaled, in the order of the log."""
    ordered = rows.filter(pl.col("thread").is_not_null()).sort("thread", "step")
    later = ordered.select(pl.all().shift(-1).name.prefix("later_"))
    paired = pl.concat([ordered, later], how="horizontal").filter(
        pl.col("thread") == pl.col("later_thread"),
        pl.col("step") + 1 == pl.col("later_step"),
        pl.col("said") != pl.col("later_said"),
        pl.col("upscaled") != pl.col("later_upscaled"),
    )
    first = pl.when("upscaled")
    return paired.sort("row").select(
        kind=pl.lit(ACROSS),
        chosen=first.then("row").otherwise("later_row"),
        chosen_image=first.then(_first()).otherwise(_first("later_images")),
        rejected=first.then("later_row").otherwise("row"),
    )


def _first(column: str = "images") -> pl.Expr:
    """The first of the upscaled images, null where no number is known."""
    return pl.col(column).list.min()
