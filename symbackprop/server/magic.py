"""The cell magic of a notebook: the text of the cell is a network, and what the cell shows is its derivation.

    %load_ext symbackprop

    %%symbackprop d --wrt W_1,x
    x: data[d]
    ...

IPython hands in its shell; nothing of it is imported but its word for a user's mistake, where it runs already.
"""

from __future__ import annotations

import builtins
import shlex
from argparse import ArgumentParser
from keyword import iskeyword
from typing import Any, NoReturn

from symbackprop.core.choices import DETAILS, LANGUAGES
from symbackprop.core.derivation import Derivation
from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.formats.html import Fragment
from symbackprop.notation import typed_network
from symbackprop.verbs import derive

NAME = "symbackprop"


class Shown:
    """A derivation as the cell asked for it."""

    def __init__(self, derivation: Derivation, detail: str, lang: str) -> None:
        self.derivation = derivation
        self._html = Fragment.write(derivation.document(detail=detail, lang=lang))

    def _repr_html_(self) -> str:
        return self._html

    def _repr_latex_(self) -> str:
        return self.derivation._repr_latex_()

    def __repr__(self) -> str:
        return repr(self.derivation)


class _Options(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SymbackpropError(f"%%{NAME}: {message}; %%{NAME}? tells the options")


def _options() -> ArgumentParser:
    """The words behind the name of the magic."""
    options = _Options(prog=f"%%{NAME}", add_help=False, description="Derive the gradients of the network in the cell, checked.")
    options.add_argument("name", nargs="?", help="what the derivation is called in later cells")
    options.add_argument("--wrt", help="differentiate by these, separated by commas; every parameter where not given")
    options.add_argument("--loss", help="what is differentiated; the last scalar where not given")
    options.add_argument("--detail", choices=DETAILS, default="normal")
    options.add_argument("--lang", choices=LANGUAGES, default="en")
    return options


def register(shell: Any) -> None:
    """Teach the shell of a notebook the magic."""

    def symbackprop(line: str, cell: str) -> Shown:
        try:
            return derived(shell, line, cell)
        except SymbackpropError as refused:
            from IPython.core.error import UsageError

            raise UsageError(str(refused)) from None  # one message, no traceback

    symbackprop.__doc__ = _options().format_help()
    shell.register_magic_function(symbackprop, "cell", NAME)


def derived(shell: Any, line: str, cell: str) -> Shown:
    """The derivation of the network in a cell, kept under the name that the line gives.

    Raises SymbackpropError for options that are none, and what is wrong with the network.
    """
    try:
        words = shlex.split(line)
    except ValueError as fault:
        raise SymbackpropError(f"%%{NAME} {line}: {fault}") from None
    asked = _options().parse_args(words)
    if asked.name is not None and (not asked.name.isidentifier() or iskeyword(asked.name) or hasattr(builtins, asked.name)):
        raise SymbackpropError(f"%%{NAME}: {asked.name} is no name for a variable; write %%{NAME} d, say")
    derivation = derive(typed_network(cell), asked.wrt, of=asked.loss)
    shown = Shown(derivation, asked.detail, asked.lang)
    if asked.name:
        shell.push({asked.name: derivation})
    return shown
