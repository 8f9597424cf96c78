"""Prompts with grids of which images were upscaled, for the tests of pairs and of the audit of selection."""

import polars as pl

from unspool import tables

COLUMNS = ("prompt_id", "user_id", "thread_id", "step", "text", "params", "upscaled", "upscaled_images")
SCHEMA = {name: tables.PROMPTS.columns[name] for name in (*COLUMNS, "n_image_links", "model", "action")}


def prompt(
    name, text, upscaled=None, images=None, *, user="u", thread="t", step=1, params=(), links=0, model="mj", action=None
):
    """A prompt; `images`: those that were upscaled, by number, which says that it was upscaled."""
    upscaled = bool(images) if images is not None and upscaled is None else upscaled
    written = [{"name": key, "values": [value], "number": None} for key, value in params]
    values = (name, user, thread, step, text, written, upscaled, images, links, model, action)
    return dict(zip(SCHEMA, values, strict=True))


def frame(*prompts):
    return pl.DataFrame(list(prompts), schema=SCHEMA)
