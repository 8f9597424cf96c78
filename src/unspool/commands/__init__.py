"""One file per command: arguments and wording only."""

import io
import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from unspool import __version__, registry
from unspool.errors import UnspoolError

ORDER = (
    *("demo", "inspect", "run", "read", "thread", "measure", "analyze", "audit", "report", "export"),
    *("results", "figures"),
    *("show", "threads", "score_threads", "sources", "rules", "features", "analyses", "audits", "simulate", "validate"),
)


def application() -> typer.Typer:
    """The command line, with every command of this folder."""
    app = typer.Typer(
        name="unspool",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        help="Unwind a prompt log of a text-to-image model into threads, and study how the prompts change. "
        "Start with [bold]unspool demo[/bold].",
    )

    @app.callback()
    def start(
        version: Annotated[
            bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
        ] = False,
    ) -> None:
        pass

    found = registry.names("commands")
    for name in sorted(found, key=lambda n: (ORDER.index(n) if n in ORDER else len(ORDER), n)):
        app.command(name.replace("_", "-"))(_told(registry.load("commands", name).command))
    return app


def _version(asked: bool) -> None:
    if asked:
        print(f"unspool {__version__}")
        raise typer.Exit


def _told(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with what typer would swallow told here: an interruption, and a reader that has left."""

    @wraps(command)
    def run(*values: Any, **options: Any) -> None:
        try:
            command(*values, **options)
            sys.stdout.flush()
        except KeyboardInterrupt:
            _tell("Interrupted. The same command goes on where it was.")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None

    return run


def main() -> None:
    """Run the command line; errors are told in sentences, and the exit code says which kind they are."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        application()()
    except UnspoolError as error:
        _tell(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _tell("Interrupted. The same command goes on where it was.")
        sys.exit(130)
    except Exception as error:
        _tell(_unexpected(error))
        sys.exit(1)


def _tell(text: str) -> None:
    print(f"unspool: {text}", file=sys.stderr)


def _unexpected(error: Exception) -> str:
    """Say where it failed and not with what: the message of a foreign error may quote the log."""
    if os.environ.get("UNSPOOL_DEBUG"):
        traceback.print_exception(error)
    where = next((f for f in reversed(traceback.extract_tb(error.__traceback__)) if "unspool" in f.filename), None)
    place = f" in {where.name}, line {where.lineno}" if where else ""
    return (
        f"An unexpected {type(error).__name__}{place}. Nothing of the log is quoted here. "
        "Set UNSPOOL_DEBUG=1 to see all of it, and please report it."
    )
