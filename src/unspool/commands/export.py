"""unspool export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unspool.commands import _options as o

if TYPE_CHECKING:
    from unspool.export import Exported

WHAT, PEOPLE = "What is written", "People"
TOLD = {
    "pairs": "pairs of images",
    "accepted": "first prompts with what was accepted",
    "prompts": "prompts",
    "threads": "threads",
    "people": "people",
    "of_dropped_people": "prompts of people who are left out",
    "without_words": "prompts that had no word left",
}


def command(
    study: o.StudyPath,
    to: Annotated[
        str, typer.Option("--to", help="parquet, hf, csv, jsonl, convokit, preference or intent.", rich_help_panel=WHAT)
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file or folder to make; STUDY-FORM by default.")
    ] = None,
    min_users: Annotated[
        int,
        typer.Option(min=0, help="Take words out that fewer people use; 0: none.", rich_help_panel=PEOPLE),
    ] = 0,
    n_gram: Annotated[
        int, typer.Option(min=1, max=3, help="The same for runs of up to so many words.", rich_help_panel=PEOPLE)
    ] = 1,
    drop_user: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave this person out, by id or name, here and in every later export; repeatable.",
            rich_help_panel=PEOPLE,
        ),
    ] = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Put <person>, <email> and so on in place of personal data in texts.",
            rich_help_panel=PEOPLE,
        ),
    ] = False,
    no_images: Annotated[
        bool,
        typer.Option("--no-images", help="Without captions, image numbers and image names.", rich_help_panel=WHAT),
    ] = False,
    any_pair: Annotated[
        bool,
        typer.Option("--any-pair", help="preference: also pairs whose prompts differ.", rich_help_panel=WHAT),
    ] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Export in spite of this finding of the privacy audit; repeatable.", rich_help_panel=PEOPLE),
    ] = None,
    title: Annotated[str, typer.Option(help="What the card calls the log.", rich_help_panel=WHAT)] = "A log of prompts",
    seed: o.Seed = 0,
    key: o.Key = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what stands at the place.")] = False,
    as_json: o.Json = False,
) -> None:
    """Write what of a study may leave it, in a form that other programs read, with a card.

    Exit code 3 if the privacy audit finds ids, handles or addresses of people that are not allowed.

    Example: [bold]unspool export study --to hf -o dataset[/bold]

    Example: [bold]unspool export study --to preference --drop-user alice -o pairs.jsonl[/bold]
    """
    from unspool.commands import _screen
    from unspool.export import Settings, form
    from unspool.stages.export import export, left_behind
    from unspool.study import Study

    opened, module = Study(study), form(to)
    place = out or study.with_name(f"{study.name}-{to}{module.SUFFIX}")
    dropped, allowed = tuple(drop_user or ()), tuple(allow or ())
    settings = Settings(dropped, min_users, n_gram, not no_images, redact, any_pair, allowed, seed=seed, title=title)
    data = export(opened, to, place, settings, key=key, force=force)
    behind = list(left_behind(opened))
    if as_json:
        _screen.print_json({"place": str(place), **data.counts, "unknown": list(data.unknown), "left_behind": behind})
        return
    _screen.out.print(str(place), markup=False, soft_wrap=True)
    _tell(data, behind)


def _tell(data: "Exported", behind: list[str]) -> None:
    from unspool.commands import _screen

    always = ("pairs", "accepted", "prompts")
    told = [
        f"{data.counts[name]:,} {what}"
        for name, what in TOLD.items()
        if data.counts.get(name, -1) >= (name not in always)
    ]
    _screen.err.print(", ".join(told) + ".", style="dim", markup=False)
    if data.counts.get("pairs") == 0:
        _screen.err.print("No pair: see `unspool audit STUDY --audit selection` for what is missing.", markup=False)
    for name in data.unknown:
        _screen.err.print(
            _screen.plain(f"Nobody in the study is {name!r}: nobody was left out for that name."), style="bold"
        )
    if behind:
        _screen.err.print(f"Columns that stay in the study: {', '.join(behind)}.", style="dim", markup=False)
