"""DiffusionDB: Stable Diffusion prompts from its Discord server, August 2022, as `metadata.parquet`.

A record is a row and a row is an image; the images of one submission share `batch_key`, the prompt with its parameters
but without the seed. `metadata.parquet` has 2 million rows, `metadata-large.parquet` 14 million, with these columns:
image_name, prompt, part_id, seed, step, cfg, sampler, width, height, user_name, timestamp, image_nsfw, prompt_nsfw.

Times are UTC and, in the published rows, whole minutes; they "are not accurate for duplicate images that have the same
prompt, hyperparameters, width, height". `user_name` is the unsalted SHA-256 of a Discord name with its number, so that
it can be undone by trying names; "deleted_account" stands for everybody who had left, and blank users and times for
images that were gone when the authors looked again: both are null here. Whether an image was upscaled is not in the
log. Written from the data card; the real files were not at hand.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from unspool.errors import UnspoolError
from unspool.sources import Chunk, Head, Options, Span, _frames, _times

TITLE = "DiffusionDB: metadata.parquet, a row an image, Stable Diffusion 2022"
CITATION = (
    "Wang et al. 2023, DiffusionDB, ACL (arXiv 2210.14896); github.com/poloclub/diffusiondb. Written from the data "
    "card; the real files were not at hand."
)
FAMILY = "prompts"
LINKED = False

REQUIRED = {"prompt": "the prompt", "user_name": "the user", "timestamp": "the time"}
PARAMETERS = {"cfg": "cfg", "step": "steps", "sampler": "sampler", "width": "width", "height": "height"}
"""Columns that are the same for all images of a submission, with the names that they get in `args`."""

SAMPLERS = {
    "1": "ddim",
    "2": "plms",
    "3": "k_euler",
    "4": "k_euler_ancestral",
    "5": "k_heun",
    "6": "k_dpm_2",
    "7": "k_dpm_2_ancestral",
    "8": "k_lms",
    "9": "others",
}
SCORES = ("image_nsfw", "prompt_nsfw")
DELETED = "deleted_account"
KEY_MARK = "\x1f"


def matches(head: Head) -> bool:
    """Whether this is a Parquet file with the columns image_name, prompt, sampler, user_name and timestamp."""
    return head.start.startswith(b"PAR1") and {"image_name", "sampler", *REQUIRED} <= set(head.columns)


def spans(path: Path, options: Options) -> list[Span]:
    """Ranges of 500,000 images."""
    return _frames.spans(path)


def chunks(path: Path, span: Span, options: Options) -> Iterator[Chunk]:
    """Yield a prompt record for every image, with `batch_key` and the two scores of offensive content.

    `image_nsfw` and `prompt_nsfw` are Float32 likelihoods in [0, 1]; an `image_nsfw` of 2 marks an image that Stable
    Diffusion had blurred itself.
    """
    if _frames.form(path) != "parquet":
        raise UnspoolError("DiffusionDB is read from Parquet.", "This input is none.", "Give metadata.parquet.")
    names = _frames.columns(path)
    _frames.require(names, REQUIRED)
    known = [name for name in (*REQUIRED, *PARAMETERS, *SCORES) if name in names]
    for piece in _frames.slices(path, span, known):
        yield _chunk(piece, options.timezone)


def _chunk(piece: _frames.Slice, timezone: str) -> Chunk:
    text = _frames.words(piece.rows["prompt"]).fill_null("")
    user, rounded = _frames.ids(piece.rows["user_name"], "the users")
    time, bad_time = _times.parse(piece.rows["timestamp"], timezone)
    args = _arguments(piece.rows)
    rows = pl.DataFrame(
        {
            "user_id": user.set(user == DELETED, None),
            "time": time,
            "text": text,
            "args": args,
            "batch_key": text + KEY_MARK + args,
            "model": pl.Series(["stable-diffusion"]).new_from_index(0, piece.rows.height),
            **{name: piece.rows[name].cast(pl.Float32) for name in SCORES if name in piece.rows.columns},
        }
    )
    return _frames.chunk(piece, rows, [(rounded, _frames.BAD_ID), (bad_time, _frames.BAD_TIME)])


def _arguments(rows: pl.DataFrame) -> pl.Series:
    """The parameters as `--cfg 7 --steps 50 --sampler k_lms --width 512 --height 512`; null ones are left out."""
    said = {name: _frames.words(rows[name]) for name in PARAMETERS if name in rows.columns}
    if "sampler" in said:
        said["sampler"] = said["sampler"].replace(SAMPLERS)
    parts = [("--" + PARAMETERS[name] + " " + values).alias(name) for name, values in said.items()]
    if not parts:
        return pl.Series("args", [""]).new_from_index(0, rows.height)
    return pl.DataFrame(parts).select(args=pl.concat_str(pl.all(), separator=" ", ignore_nulls=True)).to_series()
