"""The grammar of Midjourney bot lines, 2022-2026: what kind of message a line is, and the prompt it echoes.

    [<job> ]**<prompt as the bot echoes it>** - [<action> by |Image #N ]<@user>[ (NN%)][ (quality link)][ (mode)]

The action is read after the LAST `** - ` that a mention follows, since prompts hold ` - `, `**` and `(fast)` too; a
line of advertisement may follow after a newline. Mentions stand as `<@id>` or, in exports, as `@name`.
"""

import polars as pl

_JOB = r"(?:([A-Z][a-z]+ing\b[^*\n]{0,60}?) ?\*\*|\*\*|)"
_ACTION = r"(?:Image #(\d+) ?|([A-Z][A-Za-z]*(?: [A-Z][a-z]+)*(?: \([^)\n]{1,24}\))?) by ?)?"
_MODE = r"(?:fast|relaxed|turbo|metered)(?:, ?[a-z]+)?|[a-z]+, stealth"
_STATE = rf"\((?:Waiting to start|Stopped|paused|\d{{1,3}}%|Open on website[^()\n]*|{_MODE})\)"
_REST = rf"((?: ?(?:{_STATE}|\[\(Open[^\n]*?\)\]\([^)\n]*\)))*)"
_USER = r"(?:<@!?(\d+)>|@([^\n]*?))"
LINE = rf"(?s)^{_JOB}(.*)\*\* - {_ACTION}{_USER}{_REST}[ \t]*(?:\n.*)?$"
_VIDEO = r"(?:^|\s)--video\s+\d"
"""Of 2025 on. The bare `--video` of 2022 to 2024 asked for a film of how an ordinary grid came to be."""
_TASK_NUMBER = r"^\s*(?:\[\d{12,}\]|<\d{12,}>)\s*"

_DERIVED_ACTION = (
    ("Variations (Region)", "region"),
    ("Vary (Region)", "region"),
    ("Zoom", "zoom"),
    ("Pan", "pan"),
    ("Anim", "video"),
    ("Video", "video"),
)


def parse_lines(frame: pl.DataFrame) -> pl.DataFrame:
    """Read the column `content`; add kind, echo, line_user_id, line_user_name, image_index, mode.

    `kind` is one of tables.KINDS: grid, remix, the derived kinds, upscale, start, progress, or other (no bot line).
    `echo` is the part between the asterisks as the bot wrote it: "" for /blend without parameters, null if no bot line.
    `image_index` is the N of `Image #N`, null elsewhere. `mode` is fast, relaxed or turbo, with ", stealth" if so.
    """
    groups = (
        pl.col("content")
        .str.extract_groups(LINE)
        .struct.rename_fields(["job", "echo", "image_index", "action", "line_user_id", "line_user_name", "rest"])
    )
    return (
        frame.with_columns(groups.alias("line"))
        .unnest("line")
        .with_columns(
            kind=_kind(),
            echo=pl.col("echo").str.replace(_TASK_NUMBER, ""),
            image_index=pl.col("image_index").str.to_integer(strict=False, dtype=pl.Int64).clip(0, 255).cast(pl.UInt8),
            mode=pl.col("rest").str.extract(r"\(((?:fast|relaxed|turbo)(?:, stealth)?)\)[^()]*$"),
        )
        .drop("job", "action", "rest")
    )


def _kind() -> pl.Expr:
    action, rest, content = pl.col("action"), pl.col("rest"), pl.col("content")
    started = pl.col("job").is_not_null() | rest.str.contains("(Waiting to start)", literal=True)
    running = rest.str.contains(r"\((?:\d{1,3}%|Stopped|paused)\)") | action.str.starts_with("Upscaling")
    done = (
        pl.when(pl.col("image_index").is_not_null() | action.str.starts_with("Upscaled"))
        .then(pl.lit("upscale"))
        .when(action.is_null())
        .then(pl.when(pl.col("echo").str.contains(_VIDEO)).then(pl.lit("video")).otherwise(pl.lit("grid")))
        .when(action.str.starts_with("Remix"))
        .then(pl.lit("remix"))
    )
    for start, kind in _DERIVED_ACTION:
        done = done.when(action.str.starts_with(start)).then(pl.lit(kind))
    no_line = pl.when(
        content.str.contains(r"^(?:Animating|Rerolling|Zooming|Panning|Upscaling|Making variations)\b.{0,40}$")
    )
    return (
        pl.when(pl.col("echo").is_null())
        .then(no_line.then(pl.lit("start")).otherwise(pl.lit("other")))
        .when(started.fill_null(False))
        .then(pl.lit("start"))
        .when(running.fill_null(False))
        .then(pl.lit("progress"))
        .otherwise(done.otherwise(pl.lit("variation")))
    )
