"""The subcommands that serve: a page on this machine, the same page as a folder, tools for an assistant."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext

import click

from symbackprop.cli.shell import FileName, guarded, say

UNPROVED = "; it derives and prints, while checks, pictures and verdicts need NumPy's wheel in the folder of --pyodide"
UNCOMPILED = "; without node its Python is not compiled, and starts three times as slowly"


def _busy(said: str) -> AbstractContextManager[object]:
    """A sign that something long goes on, where a person looks."""
    if not sys.stderr or not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(said)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), metavar="NUMBER", help="Where the page is; 8765 where not given.")
@click.option("--no-browser", is_flag=True, help="Open no browser.")
@guarded
def serve(port: int | None, no_browser: bool) -> None:
    """Open a page on this machine that derives while you type. Ctrl-C ends it."""
    from symbackprop.server.serve import run

    run(port, not no_browser)


@click.command()
@click.option("-o", "--output", required=True, metavar="FOLDER", type=FileName(), help="Write the page into FOLDER.")
@click.option(
    "--pyodide",
    metavar="FOLDER",
    type=FileName(),
    help="Take Pyodide from FOLDER, with NumPy where its wheel is there; fetched by npm where not given.",
)
@guarded
def site(output: str, pyodide: str | None) -> None:
    """Write the page as a folder for any server of files: it derives in the browser, without Python on a server."""
    from symbackprop.server.site import write

    with _busy("Python is made ready for the browser"):
        found = write(output, pyodide)
    say(f"{output}: {found.size / 1e6:.0f} MB{'' if found.numbers else UNPROVED}{'' if found.compiled else UNCOMPILED}")


@click.command()
@guarded
def mcp() -> None:
    """Serve the tools derive and verify to an assistant, over the Model Context Protocol on standard input and output."""
    from symbackprop.server.tools import run

    run()
