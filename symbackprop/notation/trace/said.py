"""What a person must know of a traced network beside its equations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sympy import Symbol

from symbackprop.notation.notes import INFINITY

if TYPE_CHECKING:
    from symbackprop.notation.trace.run import Run
    from symbackprop.notation.trace.sizes import Sizes
    from symbackprop.notation.trace.subject import Leaf
    from symbackprop.notation.trace.tracing import Tracing


def set_aside(several: Sequence[str]) -> str:
    """The note on what is data by its name."""
    return f"{_several(several)}: taken as data, by the names; name in wrt what is learnt of it."


def _several(names: Sequence[str]) -> str:
    """Names in a row; of more than six the first."""
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"


def size_said(sizes: Sizes, leaves: Mapping[str, Leaf], symbol: Symbol) -> str:
    """What a person calls a size: by their variable, else by an axis of an array that has it; "" where neither is."""
    alike = [s for s in sizes.known() if s == symbol or sizes.resolved(s) == symbol]
    for one in alike:
        if one in sizes.names:
            return sizes.names[one]
    for one in alike:
        name, _, axis = str(one).rpartition(".")
        if name in leaves and axis.isdigit():
            return f"{leaves[name].written}.shape[{axis}]"
    return ""


def said(tracing: Tracing, run: Run) -> list[str]:
    """The notes of a network: sizes that are numbers, courses, tables, constants, what is taken as learnt."""
    found = [
        f"{n} is {k}, as in the example: the function counts it out, or uses it as a number." for n, k in tracing.pinned.items()
    ]
    if tracing.plain is not None:
        found.append(f"{tracing.plain.place}: plain whole numbers are needed here, so that all sizes are those of the example.")
    found += [
        f"{name}: its values decide the course of the function ({line}), so the network holds for these."
        for name, line in tracing.frozen.items()
    ]
    for line in run.chosen_at:
        found.append(f"{line}: both courses of the branch are derived, as np.where(condition, a, b).")
    for line in run.stands_at:
        found.append(f"{line}: derived for where nothing is raised here, as in the example.")
    for line, count in run.decided_at.items():
        often = f", {count} times" if count > 1 else ""
        found.append(f"{line}: a branch is taken as in the example{often}; elsewhere the function may go another way.")
    found += run.remarks
    if run.infinite:
        found.append(INFINITY)
    leaves, idle = tracing.subject.leaves, tracing.idle
    held = [leaf.written for name, leaf in leaves.items() if leaf.path in tracing.subject.held and name not in idle]
    if len(held) > 1:
        found.append(
            f"{_several(held)}: arrays of floats of objects, all taken as learnt; name in wrt what is, where some are tables."
        )
    if idle:
        found.append(f"{_several([*idle.values()])}: no part of the loss, and left out.")
    if tracing.subject.aside:
        found.append(set_aside(tracing.subject.aside))
    constants = tracing.subject.constants(tracing.example)
    if len(constants) == 1:
        found.append(f"{constants[0]}: a number of Python, taken as a constant; name it in wrt to differentiate by it too.")
    elif constants:
        found.append(f"{', '.join(constants)}: numbers of Python, taken as constants; name one in wrt to differentiate by it too.")
    if tracing.tables and not (tracing.random or tracing.frozen):
        found.append(
            f"{', '.join(sorted(tracing.tables))}: made by the function of sizes, and data here; at other sizes than "
            f"the example's make such anew."
        )
    came = [name for _, name, _ in run.came_in.values()]
    if tracing.random and came:
        found.append(f"Random numbers are drawn: {', '.join(came)} are data of the network, as drawn for the example.")
    return found
