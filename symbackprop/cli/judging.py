"""What judges in the shell: claims on a network, and the submissions of a class."""

from __future__ import annotations

import sys
from os.path import isdir, isfile
from pathlib import Path
from shlex import quote
from typing import Any

import click

from symbackprop.cli.options import Asked, Command, language_option, marking_options, network_options, size_option
from symbackprop.cli.shell import (
    columns,
    guarded,
    leave,
    read_pair,
    read_sizes,
    require_place,
    say,
    shortened,
    show,
    signal_of,
    working,
)
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.files import near_file, write_whole


@click.command(cls=Command)
@network_options
@click.argument("claims", metavar="CLAIMS", required=False)
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
@guarded
def verify(asked, claims, of, calls, allow, sizes, output, as_json, lang, **marking) -> None:
    """Judge gradients that you derived by hand. CLAIMS is a file (.json, .py, .md, .tex) or one claim, in Python or
    LaTeX: "W_1 = outer(delta, x)".

    CLAIMS may be a folder of such files, of which each is a submission, or of folders, one a student: they are marked.
    Exit code 0: all right, 1: something wrong, 2: bad input, 3: something undecided or not understood.
    """
    from symbackprop.judge.files import read_claims, typed_claims
    from symbackprop.verbs import verify as verify_

    if claims is None:
        raise SymbackpropError(_wanted(asked))
    kinds = tuple(k.strip() for k in (allow or "").split(",") if k.strip())
    symbols = dict(read_pair("--call", c) for c in calls)
    if isdir(claims) or any(marking[option] for option in ("csv", "gradescope", "points", "run")):
        if output:
            raise SymbackpropError("-o writes the verdict on one file of claims; submissions are told by --csv and --json")
        about = {"of": of, "symbols": symbols, "allow": kinds, "sizes": read_sizes(sizes) or {}}
        sys.exit(_marked(asked.network(), Path(claims), as_json, about, **marking))
    there = isfile(claims)
    if not there and "=" not in claims:
        near = near_file(claims)
        mend = f"did you mean {near}?" if near else 'name a file, or write a claim, "W_1 = ..."'
        raise SymbackpropError(f"there is no file {shortened(claims)}; {mend}")
    given = read_claims(Path(claims)) if there else typed_claims(claims)
    with working("judging"):
        result = verify_(asked.network(), given, of=of, symbols=symbols, allow=kinds, sizes=read_sizes(sizes))
    if output:
        result.save(output, lang)
    show(result.to_json() if as_json else result.in_terminal(lang))
    if output:
        told = f"{output}: the verdict{', with the derivation' if result.derived else ''}"
        click.echo(told, err=True) if as_json else say(told)  # JSON stays alone on standard output
    sys.exit(result.exit_code)


def _wanted(asked: Asked) -> str:
    """What is said where a network stands without claims: how those on it are written, each with the shape that it has."""
    from symbackprop.core.program import shape_text

    network = asked.network()
    tensors = network.program.tensors
    wanted = [one.name for one in network.program.parameters] or list(network.program.inputs)
    lines = [f"{name} = ..." for name in wanted]
    wide = max(map(len, lines), default=0)
    shapes = (shape_text(tensors[name].shape) if tensors[name].shape else "a number" for name in wanted)
    return "\n".join(
        [
            "CLAIMS is missing: what you derived, in a file (.md, .tex, .py, .json) or as one claim. Here the gradients are",
            *(f"  {line:{wide}}  {shape}" for line, shape in zip(lines, shapes, strict=True)),
            "in Python or in LaTeX. Fill in the dots:",
            f'  symbackprop verify {quote(asked.net)} "{lines[0] if lines else ""}"',
        ]
    )


def _marked(network: Any, place: Path, as_json: bool, about: dict[str, Any], **marking: Any) -> int:
    """Mark submissions, write and tell the marks, also where Ctrl-C cuts it short; the exit code."""
    from symbackprop.judge.submissions.found import submissions
    from symbackprop.judge.submissions.gradescope import one_student, results
    from symbackprop.judge.submissions.marking import code_of, mark, task_of
    from symbackprop.judge.submissions.progress import bar, told
    from symbackprop.judge.submissions.tables import marks_csv, marks_json, marks_table

    csv, gradescope = marking["csv"], marking["gradescope"]
    for path, suffix in ((csv, ".csv"), (gradescope, ".json")):
        if path:
            require_place(path, (suffix,))
    files = submissions(place)
    if gradescope:
        one_student(files)
    task, walls = task_of(network, place, marking["points"], marking["time_limit"], marking["run"], **about)
    if walls:
        click.echo(walls, err=True)
    found, stopped = {}, None
    try:
        with bar(len(files), not marking["quiet"]) as advance:
            for k, one in mark(task, files, marking["jobs"]):
                found[k] = one
                advance(one)
    except KeyboardInterrupt as signalled:
        stopped = signalled
    done = [found[k] for k in sorted(found)]
    if csv:
        write_whole(csv, marks_csv(done, task.points))
    if gradescope and stopped is None:
        write_whole(gradescope, results(done))
    say(marks_json(done) if as_json else f"{marks_table(done, columns())}\n{told(done, len(files))}")
    if stopped is not None:
        leave(signal_of(stopped), f"{len(done)} of {len(files)} are marked{(csv and f', {csv} holds them') or ''}")
    return code_of(done)
