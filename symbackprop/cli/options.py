"""Options that several commands have, or that are many."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from symbackprop.cli.shell import read_names, read_widths, standard_input
from symbackprop.core.choices import DRAWN, EDGES, LANGUAGES, VALUES
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import absent, exists, is_path

NATURAL = click.IntRange(min=0)


READ_BY = ("lets", "widths", "expand", "merge", "gates", "example", "learnt", "branches")  # options about how NET is read


_MINUS = re.compile(r"-[^-].*[()\[\]{}\s*\\]|-\\", re.DOTALL)  # -sum(y*log(p)), -\log p


class TwiceError(click.UsageError):
    """An option that takes one value was given several."""

    def __init__(self, option: click.Option, ctx: click.Context) -> None:
        super().__init__(f"{option.opts[-1]} is given twice", ctx)
        self.option = option


class Command(click.Command):
    """A command that tells the options that few need behind the others, and takes an option that has one value once."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = [f" {word}" if self._is_formula(word) else word for word in args]  # what begins with a space is no option
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for one in {*given}:
            if isinstance(one, click.Option) and not (one.multiple or one.is_flag) and given.count(one) > 1:
                raise TwiceError(one, ctx)
        left = super().parse_args(ctx, args)
        for one in {*given}:
            names_file = isinstance(one, click.Option) and (one.metavar or "").startswith(("FILE", "FOLDER"))
            if names_file and ctx.params[one.name or ""] == "":
                raise click.BadOptionUsage(one.opts[0], "", ctx)
        return left

    def _is_formula(self, word: str) -> bool:
        """Whether a word that begins with a minus is an expression: it has brackets, spaces or a product, no option's letter."""
        valued = [name for one in self.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts]
        return bool(_MINUS.match(word)) and word[:2] not in valued

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        told = [
            (option.name in READ_BY, option.get_help_record(ctx))
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
        ]
        for title, apart in (("Options", False), ("How NET is read", True)):
            if rows := [row for own, row in told if row and own == apart]:
                with formatter.section(title):
                    formatter.write_dl(rows)


@dataclass(frozen=True)
class Asked:
    """Which network is meant: the options of `network_options`."""

    net: str
    lets: tuple[str, ...]
    loss: str | None
    gates: str
    expand: str
    merge: str
    widths: tuple[str, ...]
    example: str | None
    learnt: str | None
    branches: str

    def require_there(self) -> None:
        """Say that a file is not there before what reads networks is imported. Raises SymbackpropError, with the file that is."""
        path = self.net.rpartition(":")[0] if ".py:" in self.net else self.net
        if not self.example and is_path(path, beside=bool(self.lets)) and not exists(path):
            raise SymbackpropError(" ".join(filter(None, absent(path))))

    def network(self) -> Any:
        """The network, read now or, with an example, traced. Raises NotationError as `symbackprop.read` and `trace` do."""
        from symbackprop.notation.errors import NotationError
        from symbackprop.verbs import changed, read

        if self.example:
            from symbackprop.cli.tracing import traced

            if self.lets:
                raise SymbackpropError("--let declares names of an expression; --trace finds the shapes in its example")
            found = traced(self.net, self.example, read_names(self.learnt), self.loss, self.branches)
            return changed(found, self.gates, self.expand, self.merge)
        if self.learnt:
            raise SymbackpropError("--learnt says what is learnt of a function that --trace runs; give --trace EXAMPLE.npz as well")
        text = f"{standard_input()}\n" if self.net == "-" else self.net
        try:
            return read(text, self.loss, self.gates, self.lets, self.expand, self.merge, read_widths(self.widths))
        except NotationError as error:
            from symbackprop.notation.latex.missing import on_the_command_line

            raise on_the_command_line(error) from None

    @property
    def of(self) -> str | None:
        """The name of what is differentiated; of a traced function, the network knows which of what it returns."""
        return None if self.example else self.loss


def network_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which network is meant; the function is given what was asked as one."""

    @wraps(function)
    def with_network(net, lets, loss, gates, expand, merge, widths, example, learnt, branches, **further) -> None:
        asked = Asked(
            net.lstrip() if net.startswith(" -") else net, lets, loss, gates, expand, merge, widths, example, learnt, branches
        )
        asked.require_there()
        function(asked=asked, **further)

    found: Callable[..., None] = with_network
    options = (
        click.argument("net"),
        click.option("--let", "lets", multiple=True, metavar="DECLARATION", help='Declare a name: "W: parameter[h, d]".'),
        click.option("--loss", metavar="NAME", help="What is differentiated; the last scalar where not given."),
        click.option("--widths", multiple=True, metavar="NAME=NUMBERS", help="How wide each layer is, h=4,5,3, where that differs, "
                     "parameter[h[l], h[l-1]]: the layers are written out."),
        click.option("--expand", metavar="UNITS", default="", help="Take units apart into their operations: softmax,sigmoid."),
        click.option("--merge", metavar="UNITS", default="", help="Put units together from their operations."),
        click.option("--gates", type=click.Choice(["auto", "whole", "elementary"]), default="auto", show_default=True,
                     help="Whether an expression stays one equation, or each operation becomes one."),
        click.option("--trace", "example", metavar="EXAMPLE", help="Run the function FILE.py:name, on the arrays of EXAMPLE (.npz, "
                     ".safetensors or .json), by argument: X, params.W1, layers.0.W. Without it, no code is run."),
        click.option("--learnt", metavar="NAMES", help="With --trace: what is learnt; arrays of floats in dicts, lists and objects "
                     "where not given, else all arrays of floats."),
        click.option("--branches", type=click.Choice(["refuse", "example"]), default="refuse", show_default=True,
                     help="With --trace: an `if` on what is learnt; example: derive the course that the example takes."),
    )  # fmt: skip
    for option in reversed(options):  # a help lists first what was put on last
        found = option(found)
    return found


def derivative_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which derivative is meant, beside --wrt."""
    for option in (
        click.option("--vector", metavar="NAME", help="A direction, such as v, in which what --wrt names moves: the change of the "
                     "loss. With --then, that of the gradient: the Hessian times v."),
        click.option("--upstream", metavar="NAME", help="The gradient that comes to --loss from above, such as dY: what a layer's "
                     "backward pass receives; what is derived is what it hands back."),
        click.option("--then", metavar="NAMES", help="Differentiate the gradient (--wrt names one) once more, by these."),
    ):  # fmt: skip
        function = option(function)
    return function


def language_option(function: Callable[..., None]) -> Callable[..., None]:
    """The option that says in which language a report is written."""
    said = "The language of the report's sentences."
    return click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help=said)(function)


def size_option(function: Callable[..., None]) -> Callable[..., None]:
    """The option that fixes sizes."""
    about = "Fix a size, such as h=32, or several: h=32,n=8."
    return click.option("--size", "sizes", multiple=True, metavar="NAME=NUMBER", help=about)(function)


def marking_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that are about submissions."""
    for option in (
        click.option("--quiet", is_flag=True, help="No progress bar."),
        click.option("--run", is_flag=True, help="Run submissions in Python, each in a process of its own with limits."),
        click.option("--time-limit", type=click.FloatRange(0.1, 86_400), default=60, show_default=True, metavar="SECONDS",
                     help="Of each submission."),
        click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Submissions judged at once."),
        click.option("--points", metavar="NAME=NUMBER,...", help="What gradients are worth; 1 each parameter's where not given."),
        click.option("--gradescope", metavar="FILE.json", help="Write the results of one student's submission for Gradescope."),
        click.option("--csv", metavar="FILE.csv", help="Write a row for each submission to FILE.csv."),
    ):  # fmt: skip
        function = option(function)
    return function


def picture_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say what a picture shows, and how it is written."""
    for option in (
        click.option("-o", "--output", metavar="FILE", help="Write the picture to FILE (.svg, .png, .pdf, or .tex for TikZ)."),
        click.option("--format", "format_", type=click.Choice(list(DRAWN)), help="By the suffix of FILE where not given."),
        click.option("--width", type=click.FloatRange(200, 20_000), metavar="PIXELS",
                     help="Of the page; a wider graph is folded into parts below one another. 1250 where not given."),
        click.option("--values", type=click.Choice(VALUES), default="entries", show_default=True,
                     help="Numbers in their places, cut short where they are many; mean and largest; none."),
        click.option("--edges", type=click.Choice(EDGES), default="values", show_default=True,
                     help="Numbers alone; the local derivative on each wire; the formula of each gradient as well."),
    ):  # fmt: skip
        function = option(function)
    return function
