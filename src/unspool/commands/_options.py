"""Options that several commands share, and how their values are read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from unspool.errors import UnspoolError

INPUT, FILTER, RULE, MEASURES, RESULTS = "Input", "What is kept", "Threads", "Measures", "Results"

Logs = Annotated[list[str], typer.Argument(metavar="LOG", help="Files, folders or globs; .gz and .zst are unpacked.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The study folder to make or go on with.")]
StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="A study folder.")]
Source = Annotated[
    str | None,
    typer.Option(help="Format of the log, if it is not recognised (see `unspool sources`).", rich_help_panel=INPUT),
]
Columns = Annotated[
    str | None,
    typer.Option(
        help="Column map for --source table: user_id=a,time=b,text=c; a+b joins columns.", rich_help_panel=INPUT
    ),
]
Timezone = Annotated[str, typer.Option(help="Time zone of times without one.", rich_help_panel=INPUT)]
Language = Annotated[
    str, typer.Option(help="en: English prompts only, as in the paper; any: no filter.", rich_help_panel=FILTER)
]
Since = Annotated[
    str | None, typer.Option(help="Leave out what is earlier than this date or time.", rich_help_panel=FILTER)
]
Until = Annotated[
    str | None, typer.Option(help="Leave out what is at or after this date or time.", rich_help_panel=FILTER)
]
Channel = Annotated[
    list[str] | None, typer.Option(help="Keep this channel only, by its id; repeatable.", rich_help_panel=FILTER)
]
DropUser = Annotated[
    list[str] | None, typer.Option(help="Leave out this person, by id or name; repeatable.", rich_help_panel=FILTER)
]
Actions = Annotated[
    str,
    typer.Option(
        help="Actions that count as prompting; the others are merged into their root.", rich_help_panel=FILTER
    ),
]
Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        help="Grouping rule (see `unspool rules`); repeatable, the first is the chosen one. "
        "By default the threads of the log itself, else scene.",
        rich_help_panel=RULE,
    ),
]
Threshold = Annotated[
    float | None, typer.Option(help="Rules iou, overlap: similarity that continues a thread.", rich_help_panel=RULE)
]
Tokens = Annotated[str | None, typer.Option(help="Rules iou, overlap: words or whitespace.", rich_help_panel=RULE)]
Minutes = Annotated[
    float | None, typer.Option(help="Rule gap: minutes of pause that end a thread.", rich_help_panel=RULE)
]
Features = Annotated[
    list[str] | None,
    typer.Option(
        "--feature", help="Measure this feature only (see `unspool features`); repeatable.", rich_help_panel=MEASURES
    ),
]
LanguageModel = Annotated[
    str | None,
    typer.Option(
        help="Language model for the perplexity: a hub name (gpt2), a folder or a .gguf file.", rich_help_panel=MEASURES
    ),
]
Reference = Annotated[
    Path | None,
    typer.Option(
        help="Plain text that the dialect score compares with, where the log has no captions.", rich_help_panel=MEASURES
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Prompts that the slow features score, drawn by users; 200,000 (parser), 20,000 (language model).",
        rich_help_panel=MEASURES,
    ),
]
Constituency = Annotated[
    bool,
    typer.Option(
        "--constituency", help="Also the paper's tree depth, by the parser of the extra.", rich_help_panel=MEASURES
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of everything that is drawn at random.")]
Analyses = Annotated[
    list[str] | None,
    typer.Option(
        "--analysis", help="Only this analysis (see `unspool analyses`); repeatable.", rich_help_panel=RESULTS
    ),
]
Least = Annotated[
    int | None,
    typer.Option(
        min=2,
        help="Prompts that a thread needs for the means along it; 10 as in the paper, or fewer where few are so long.",
        rich_help_panel=RESULTS,
    ),
]
Steps = Annotated[
    int | None, typer.Option(min=2, help="Steps of a thread to show; as many as --least.", rich_help_panel=RESULTS)
]
Draws = Annotated[int, typer.Option(min=100, help="Draws of the bootstrap over users.", rich_help_panel=RESULTS)]
Classifier = Annotated[
    str | None,
    typer.Option(
        help="Language model to fine-tune for predicting upscales, by hub name or folder (extra lm).",
        rich_help_panel=RESULTS,
    ),
]
NoPrompts = Annotated[
    bool,
    typer.Option("--no-prompts", help="Quote no prompt and no word of one in the report.", rich_help_panel=RESULTS),
]
Key = Annotated[Path | None, typer.Option(help="Key file for the pseudonyms, to share them between studies.")]
Force = Annotated[
    bool, typer.Option("--force", help="Make the study anew, or put it into a folder that holds other files.")
]
Workers = Annotated[int | None, typer.Option(help="Worker processes; one per core by default.", min=1)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def column_map(text: str | None) -> tuple[tuple[str, str], ...]:
    """Read `user_id=a,time=b`; an entry without `=` is an error."""
    pairs = []
    for entry in (text or "").split(","):
        role, equals, column = entry.partition("=")
        if entry.strip() and not (equals and role.strip() and column.strip()):
            raise UnspoolError(
                "The column map cannot be read.",
                "An entry has no role=column.",
                "Write --columns user_id=a,time=b,text=c.",
                exit_code=2,
            )
        if entry.strip():
            pairs.append((role.strip(), column.strip()))
    return tuple(pairs)


def moment(text: str | None, timezone: str) -> datetime | None:
    """A date or time of the user as UTC; naive ones are of the time zone."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        zone = ZoneInfo(timezone)
    except (ValueError, ZoneInfoNotFoundError):
        raise UnspoolError(
            "A date or time zone cannot be read.",
            f"{text!r} with the time zone {timezone!r} was given.",
            "Write it as 2023-07-01 or 2023-07-01T12:00:00+02:00.",
            exit_code=2,
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def rule_options(rule: str, **options: Any) -> dict[str, Any]:
    """The options that were given and that this rule has, so that several rules can be run with one command."""
    import inspect

    from unspool import threads

    known = inspect.signature(threads.rule(rule).starts).parameters
    return {name: value for name, value in options.items() if value is not None and name in known}


def check_rule_options(rules: list[str], **options: Any) -> None:
    """An option that none of the rules has is an error."""
    used = {name for rule in rules for name in rule_options(rule, **options)}
    for name, value in options.items():
        if value is not None and name not in used:
            raise UnspoolError(
                f"No chosen rule has the option --{name}.",
                f"The rules are {', '.join(rules)}.",
                "See `unspool rules`.",
                exit_code=2,
            )
