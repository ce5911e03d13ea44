"""The command line: one small function a subcommand, each of which does what the Python function of the same name does.

Subcommands import what they need, so that --help answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from os.path import isdir
from pathlib import Path
from typing import Any

import click

from symbackprop import __version__
from symbackprop.cli.completing import completion, explained
from symbackprop.cli.gallery import examples
from symbackprop.cli.installed import doctor
from symbackprop.cli.judging import claims_given, marked
from symbackprop.cli.learning import train
from symbackprop.cli.options import (
    NATURAL,
    Asked,
    Command,
    derivative_options,
    language_option,
    marking_options,
    network_options,
    picture_options,
    size_option,
)
from symbackprop.cli.serving import mcp, serve, site
from symbackprop.cli.shell import (
    columns,
    guarded,
    in_colours,
    read_names,
    read_pair,
    read_point,
    read_sizes,
    require_own_suffix,
    require_place,
    say,
    show,
    source_written,
    to_terminal,
    working,
    write,
)
from symbackprop.cli.teaching import exercise, handout
from symbackprop.cli.usage import Main
from symbackprop.cli.using import evaluate, predict
from symbackprop.core.choices import DETAILS, DRAWN, DTYPES
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.garbage import for_one_command
from symbackprop.core.machine.threads import one_thread
from symbackprop.documents.formats import FORMATS, NAMES, SUFFIXES, format_named, format_of

BEGIN = """\b
To begin:
  symbackprop examples copy two_layer
  symbackprop derive two_layer.net"""


@click.group(cls=Main, epilog=BEGIN, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="symbackprop")
def main() -> None:
    """Derive the gradients of a neural network, step by step; check them, draw them, compile them, train with them.

    NET is a file in the network language, a function "file.py:name", "-" for standard input, or an expression such as "(x + y)*z".
    A function is read, not run, unless --trace names a file with example arrays for it.
    """
    for_one_command()


def subcommand(function: Callable[..., None]) -> click.Command:
    """Make a subcommand of a function: what is refused is one message and exit code 2, never a traceback."""
    return explained(main.command(cls=Command)(guarded(function)))


for command in (train, evaluate, predict, exercise, serve, site, mcp, doctor, examples, completion):
    main.add_command(explained(command))


@subcommand
@network_options
@click.option("--wrt", metavar="NAMES", help="Differentiate by these, separated by commas; every parameter where not given.")
@derivative_options
@click.option("--product", is_flag=True, help="Of a loop: say what all its steps do to a gradient at once, as a product over them.")
@click.option("--update", metavar="LETTER", help="Close with the step of descent of every parameter; LETTER is its rate: eta.")
@click.option("--format", "format_", type=click.Choice(NAMES), help="Of the report; by the suffix of FILE where not given.")
@click.option("--fragment", is_flag=True, help="LaTeX for \\input: no preamble, sections with labels.")
@click.option("--numbered", is_flag=True, help="Number the equations of the fragment; their labels are eq:dL/dW_1 and so on.")
@click.option("--column", metavar="WIDTH", help="Of the paper that takes the fragment in: 252pt, 8.9cm; 345pt where not given.")
@click.option("-o", "--output", metavar="FILE", help="Write the report to FILE.")
@click.option("--detail", type=click.Choice(DETAILS), default="normal", show_default=True,
              help="The box and the network; the layers as well; or every equation.")  # fmt: skip
@language_option
@size_option
@click.option("--seed", type=NATURAL, default=0, show_default=True, help="Of the points at which the gradients are checked.")
@click.option("--blank", metavar="NAMES", help="Leave out what these gradients come to, such as delta_1,W_2, and write the "
              "solution beside FILE.")  # fmt: skip
def derive(
    asked, wrt, then, upstream, vector, product, update, format_, fragment, numbered, column, output, detail, lang, sizes, seed,
    blank,
) -> None:  # fmt: skip
    """Derive the gradients step by step. Nothing is written unless they pass the check against three witnesses."""
    if numbered and not fragment:
        raise SymbackpropError("--numbered is about a fragment: give --fragment as well")
    if fragment:
        format_ = "numbered-fragment" if numbered else "fragment"
    if output:
        require_place(output, () if format_ else SUFFIXES)
    row = format_named(format_) if format_ else format_of(output) if output else FORMATS[0]
    if output and format_:
        plain = () if row.binary else FORMATS[0].suffixes  # a file of plain text may hold any text
        require_own_suffix(output, (*(row.suffixes or (".tex",)), *plain), SUFFIXES)
    row.require(lang)
    row.column(column)
    if row.binary and not output:
        raise SymbackpropError(f"{row.name} is no text: name its file by -o report{row.suffixes[0]}")
    derivation = _derivation(asked, wrt, then, upstream, vector, update=update, product=product)
    if blank is not None:
        handout(derivation, blank, row.name, output, detail, lang, column)
        return
    how: dict[str, Any] = {"seed": seed, "sizes": read_sizes(sizes), "detail": detail, "lang": lang}
    if not output:
        with working("deriving and checking"):
            on_screen = row is FORMATS[0] and in_colours()
            report = _for_screen(derivation, how) if on_screen else derivation.report(row.name, column=column, **how)
        say(report)
        return
    with working("deriving and checking"):
        files = derivation.save(output, format=row.name, column=column, **how)
    for file in files[1:]:
        say(f"{file}: the picture")
    say(f"{output}: {len(derivation.wrt)} gradient{'s' * (len(derivation.wrt) != 1)}, derived and checked")


@subcommand
@network_options
@click.option("--wrt", metavar="NAMES", help="Differentiate by these, separated by commas; every input where not given.")
@click.option("--at", metavar="FILE.json", help="The point: a JSON object with a number or nested list for each input.")
@click.option("--seed", type=NATURAL, default=0, show_default=True, help="Of the point, where none is given.")
@size_option
@picture_options
def draw(asked, wrt, at, seed, sizes, edges, values, width, format_, output) -> None:
    """Draw the computational graph with forward values in green and gradients in red."""
    from symbackprop.documents.pictures import PICTURES, picture_format_of, picture_named
    from symbackprop.verbs import draw as draw_

    if output:
        require_place(output, () if format_ else DRAWN.values())
        require_own_suffix(output, (DRAWN[format_],) if format_ else (), DRAWN.values())
    row = picture_named(format_) if format_ else picture_format_of(output) if output else PICTURES[0]
    if row.binary and not output:
        raise SymbackpropError(f"{row.name} is no text: name its file by -o picture{row.suffix}")
    if not output and to_terminal():
        raise SymbackpropError(f"a picture is not read as text: name its file by -o picture{row.suffix}")
    point = read_point(at) if at else None
    how = {"sizes": read_sizes(sizes), "edges": edges, "values": values, "width": width, "format": row.name}
    write(output, draw_(asked.network(), wrt=read_names(wrt), at=point, seed=seed, **how))
    if output:
        say(f"{output}: drawn")


@subcommand
@network_options
@click.option("--wrt", metavar="NAMES", help="Check the gradients by these, separated by commas; every parameter where not given.")
@derivative_options
@click.option("--at", metavar="FILE.json", help="Check at this point instead of random ones.")
@click.option("--seed", type=NATURAL, default=0, show_default=True, help="Of the random points.")
@click.option("--points", type=click.IntRange(min=1), default=3, show_default=True, help="How many random points.")
@size_option
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def check(asked, wrt, then, upstream, vector, at, seed, points, sizes, as_json) -> None:
    """Check the derived gradients against a reverse-mode tape and finite differences. Exit code 0: they agree, 1: they do not."""
    from symbackprop.verbs import check as check_

    derivation = _derivation(asked, wrt, then, upstream, vector)
    with working("checking"):
        result = check_(derivation, seed=seed, points=points, sizes=read_sizes(sizes), at=read_point(at) if at else None)
    say(result.to_json() if as_json else result.table())
    sys.exit(0 if result.ok else 1)


@subcommand
@network_options
@click.argument("claims", metavar="CLAIMS")
@click.option("--of", metavar="NAME", help="What is differentiated, where it is not the loss: a Jacobian.")
@click.option("--call", "calls", multiple=True, metavar="NAME=NAME", help="What the claims call otherwise: m=n.")
@click.option("--allow", metavar="KINDS", help="Conventions that pass, separated by commas: transpose, layout, sign, N, 2, left.")
@size_option
@click.option(
    "-o", "--output", metavar="FILE", help="Write the verdict, with the derivation, to FILE: .html, .pdf, .md, .tex or .txt."
)
@click.option("--json", "as_json", is_flag=True, help="Print all evidence as JSON.")
@language_option
@marking_options
def verify(asked, claims, of, calls, allow, sizes, output, as_json, lang, **marking) -> None:
    """Judge gradients that you derived by hand. CLAIMS is a file (.json, .py, .md, .tex), "-" for standard input, or one
    claim, in Python or LaTeX: "dW_1 = outer(dz_1, x)".

    CLAIMS may be a folder of such files, of which each is a submission, or of folders, one a student: they are marked.
    Exit code 0: all right, 1: something wrong, 2: bad input, 3: something undecided or not understood.
    """
    from symbackprop.verbs import verify as verify_

    kinds = tuple(k.strip() for k in (allow or "").split(",") if k.strip())
    symbols = dict(read_pair("--call", c) for c in calls)
    if isdir(claims) or any(marking[option] for option in ("csv", "gradescope", "points", "run")):
        if output:
            raise SymbackpropError("-o writes the verdict on one file of claims; submissions are told by --csv and --json")
        about = {"of": of, "symbols": symbols, "allow": kinds, "sizes": read_sizes(sizes) or {}}
        sys.exit(marked(asked.network(), Path(claims), as_json, about, lang, **marking))
    given = claims_given(claims, asked.net)
    with working("judging"):
        result = verify_(asked.network(), given, of=of, symbols=symbols, allow=kinds, sizes=read_sizes(sizes))
    if output:
        result.save(output, lang)
    show(result.to_json() if as_json else result.in_terminal(lang) if in_colours() else result.table(lang))
    if output:
        told = f"{output}: the verdict{', with the derivation' if result.derived else ''}"
        click.echo(told, err=True) if as_json else say(told)  # JSON stays alone on standard output
    sys.exit(result.exit_code)


@subcommand
@network_options
@click.option("--wrt", metavar="NAMES", help="Gradients by these, separated by commas; every parameter where not given.")
@derivative_options
@click.option("--dtype", type=click.Choice(DTYPES), default="float64", show_default=True)
@size_option
@click.option("--format", type=click.Choice(["numpy", "c", "jax"]), help="By the suffix of FILE where not given, else numpy.")
@click.option("--style", type=click.Choice(["readable", "layers", "fast"]), default="readable", show_default=True,
              help="One function; a class for each layer, forward and backward; calls that write into own memory.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE.py|FILE.c", help="Write the source to FILE; standard output where not given.")
def compile(asked, wrt, then, upstream, vector, dtype, sizes, format, style, output) -> None:
    """Compile the network and its gradients to source that depends on NumPy alone, to C99 that depends on nothing, or for JAX."""
    from symbackprop.verbs.exported import exported

    derivation = _derivation(asked, wrt, then, upstream, vector)
    if output:
        require_place(output, {"c": (".c",), None: (".py", ".c")}.get(format, (".py",)))
    format = format or ("c" if str(output).endswith(".c") else "numpy")
    if style == "layers" and format == "c":
        raise SymbackpropError("C is one function, without classes: write the layers as Python, -o step.py")
    if style == "fast" and format != "numpy":
        raise SymbackpropError(f"the fast style is NumPy's, and --format {format} plans for itself: leave --style out")
    write(output, exported(derivation, format, style, sizes=read_sizes(sizes), dtype=dtype))
    if output:
        say(source_written(output, derivation, format))


@subcommand
@network_options
@click.option("--by", metavar="NAME", help="The predictions, a vector; the only parameter where not given.")
@click.option("-o", "--output", metavar="FILE.py", help="Write the source of both to FILE.py.")
def objective(asked, by, output) -> None:
    """Derive grad and hess of a loss by each prediction, as XGBoost and LightGBM ask for them. The loss is a sum over samples."""
    from symbackprop.verbs import compile as compile_
    from symbackprop.verbs import objective_derivation

    derivation = objective_derivation(asked.network(), by)
    if output:
        require_place(output, (".py",))
        write(output, compile_(derivation).source)
        say(source_written(output, derivation, "numpy"))
    show(derivation.box())


def _derivation(asked: Asked, wrt: str | None, then: str | None, upstream: str | None, vector: str | None, **shown: Any) -> Any:
    """What the options ask to be derived; with --then, --upstream and --vector are about the second derivative."""
    one_thread()
    from symbackprop.verbs import derive as derive_

    network, loss = asked.network(), asked.of
    if not then:
        return derive_(network, read_names(wrt), of=loss, upstream=upstream, vector=vector, **shown)
    return derive_(derive_(network, read_names(wrt), of=loss), read_names(then), upstream=upstream, vector=vector, **shown)


def _for_screen(derivation: Any, how: dict[str, Any]) -> str:
    """The report as text, in the columns of the terminal."""
    from symbackprop.documents.formats.text import in_terminal

    return in_terminal(derivation.document(**how, pictured=False), columns())
