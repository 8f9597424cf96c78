"""The command line as a user meets it: in a process of its own, or quicker in this one."""

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass

from unspool.commands import main

UNSPOOL = [sys.executable, "-m", "unspool"]


@dataclass
class Done:
    """What a command left: its exit code, what it printed, and what it told."""

    code: int
    out: str
    err: str


def unspool(*arguments, code=0):
    """Run a command in this process."""
    kept, out, err = sys.argv, screen(), screen()
    sys.argv = ["unspool", *map(str, arguments)]
    left = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        left = end.code or 0
    finally:
        sys.argv = kept
    done = Done(left, said(out), said(err))
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    return done


def screen():
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")


def said(stream):
    stream.flush()
    return stream.buffer.getvalue().decode()


def process(*arguments, code=0, script=None, **more):
    """Run a command in a process of its own; `script` stands in place of the plain command line."""
    command = [sys.executable, "-c", script] if script else UNSPOOL
    done = subprocess.run([*command, *map(str, arguments)], check=False, capture_output=True, text=True, **more)
    assert code is None or done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr)
