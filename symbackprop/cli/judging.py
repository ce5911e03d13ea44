"""What is judged on the command line: one file or text of claims, or a folder of submissions."""

from __future__ import annotations

from os.path import isfile
from pathlib import Path
from typing import Any

import click

from symbackprop.cli.shell import columns, leave, require_place, say, shortened, signal_of, standard_input
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.examples import SUFFIX
from symbackprop.core.machine.files import near_file, write_whole


def claims_given(claims: str, net: str) -> Any:
    """The claims of a file, of standard input, or of the text itself. Raises SymbackpropError where there are none."""
    from symbackprop.judge.texts.files import piped_claims, read_claims, typed_claims
    from symbackprop.notation.signs import keyed

    if isfile(claims):
        return read_claims(Path(claims))
    if claims == "-":
        if net == "-":
            raise SymbackpropError("standard input holds the network or the claims, not both: name a file for one of them")
        return piped_claims(standard_input())
    if "=" not in keyed(claims):
        near = near_file(claims)
        mend = f"did you mean {near}?" if near and not near.endswith(SUFFIX) else 'name a file, or write a claim, "W_1 = ..."'
        missing = f"there is no file {shortened(claims)}" if claims.strip() else "there is no claim"
        raise SymbackpropError(f"{missing}; {mend}")
    return typed_claims(claims)


def marked(network: Any, place: Path, as_json: bool, about: dict[str, Any], lang: str, **marking: Any) -> int:
    """Mark submissions, write and tell the marks, also where Ctrl-C cuts it short; the exit code."""
    from symbackprop.formulas.told import told
    from symbackprop.judge.submissions import progress
    from symbackprop.judge.submissions.found import submissions
    from symbackprop.judge.submissions.gradescope import one_student, results
    from symbackprop.judge.submissions.marking import code_of, mark, task_of
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
        with progress.bar(len(files), not marking["quiet"]) as advance:
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
    say(marks_json(done) if as_json else f"{marks_table(done, columns())}\n{progress.told(done, len(files))}")
    if stopped is not None:
        counts = (len(done), len(files))
        news = told("{} of {} are marked, {} holds them", *counts, csv) if csv else told("{} of {} are marked", *counts)
        leave(signal_of(stopped), news, lang)
    return code_of(done)
