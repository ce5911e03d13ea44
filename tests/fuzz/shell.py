"""The command line within the process, with what it must not do."""

import contextlib
import io

from symbackprop.cli import main


def called(arguments: list[str]) -> None:
    """Call a command; raise AssertionError where it ends otherwise than a command does."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main.main(arguments, prog_name="symbackprop")
        except SystemExit as end:
            assert end.code in (None, 0, 1, 2), f"exit code {end.code}"  # noqa: PT017
    assert "Traceback" not in err.getvalue(), err.getvalue()
    assert "a fault of symbackprop" not in err.getvalue(), err.getvalue()
