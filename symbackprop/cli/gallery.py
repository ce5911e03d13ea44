"""The examples of the package in the shell: listed, shown, copied to a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from symbackprop.cli.shell import FileName, columns, guarded, say
from symbackprop.core.choices import mend
from symbackprop.core.errors import SymbackpropError


def _names(context: Any, parameter: Any, typed: str) -> list[CompletionItem]:
    """The examples whose names begin as typed."""
    from symbackprop.server.gallery import gallery

    return [CompletionItem(one.name, help=one.title) for one in gallery() if one.name.startswith(typed)]


@click.group(invoke_without_command=True)
@click.pass_context
def examples(context: click.Context) -> None:
    """List, show and copy the networks that come with the package."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@examples.command(name="list")
@guarded
def list_() -> None:
    """List the examples: names and titles."""
    from textwrap import fill

    from symbackprop.server.gallery import gallery

    found = gallery()
    wide = max((len(one.name) for one in found), default=0)
    how = {"width": max(columns(), wide + 22) if sys.stdout.isatty() else 10_000, "subsequent_indent": " " * (wide + 2)}
    say("\n".join(fill(f"{one.name:{wide}}  {one.title}", **how) for one in found))


@examples.command()
@click.argument("name", shell_complete=_names)
@guarded
def show(name: str) -> None:
    """Print an example."""
    say(_found([name])[0].text)


@examples.command()
@click.argument("names", nargs=-1, required=True, shell_complete=_names)
@click.option("--to", default=".", metavar="FOLDER", type=FileName(), help="Copy into FOLDER; here where not given.")
@guarded
def copy(names: tuple[str, ...], to: str) -> None:
    """Copy examples, with the points and data that belong to them, into a folder. A file that is there stays as it is."""
    from symbackprop.core.machine.files import write_together
    from symbackprop.server.gallery import files_of

    folder = Path(to)
    if not folder.is_dir():
        raise SymbackpropError(f"there is no folder {to}; make it first")
    files: dict[Path, bytes] = {}
    owners: dict[Path, str] = {}
    for one in dict.fromkeys(_found(names)):
        for file, content in files_of(one).items():
            path = folder / file
            if owners.setdefault(path, one.name) != one.name:
                raise SymbackpropError(
                    f"{owners[path]} and {one.name} both have {file}; copy one of them to another folder by --to"
                )
            files[path] = content
    there = [path for path in files if path.exists()]
    if there:
        raise SymbackpropError(f"{there[0]} is there already; move it, or copy to another folder by --to")
    write_together(files)
    say("\n".join(f"{path}: copied" for path in files))


def _found(names: Iterable[str]) -> list[Any]:
    from symbackprop.server.gallery import gallery

    known = {one.name: one for one in gallery()}
    last = {path.rpartition("/")[2]: [one for one in known if one.rpartition("/")[2] == path.rpartition("/")[2]] for path in known}
    found = []
    for name in (name.removesuffix(".net").removeprefix("examples/") for name in names):
        several = [name] if name in known else last.get(name, [])  # lstm is layers/lstm, where there is no other
        if len(several) != 1:
            near = mend(name, several) if several else mend(name, (*known, *last))
            raise SymbackpropError(f"there is no example {name!r}; {near}")
        found.append(known[several[0]])
    return found
