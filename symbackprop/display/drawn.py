"""What a picture of a network says of each value, and which values it writes out where they are read."""

from __future__ import annotations

from collections.abc import Collection

from symbackprop.core.derivation import Derivation
from symbackprop.core.letters import is_nameless
from symbackprop.core.loops import has_loops
from symbackprop.core.loops.recursion import Recursion
from symbackprop.core.program import Carry, Program
from symbackprop.display.equations import equation_formula
from symbackprop.display.names import Names
from symbackprop.display.softmax import is_within_softmaxes, softmaxes
from symbackprop.display.spelled import spelled
from symbackprop.display.step_forms import labels_at_steps
from symbackprop.display.written_out import written_out
from symbackprop.formulas.tree import Node

Labels = dict[str, tuple[Node, Node]]  # of each value what is written, and how it is called where it is read again


def unseen(asked: Derivation, with_wires: bool = False) -> frozenset[str]:
    """The values that a picture writes out where they are read.

    Short ones without a name, the sums inside of softmaxes, and what is one step of a loop, s_T, but where wires are
    told, which have no other name for it; never what is carried, nor what the name of a derivative has in it, E_{r,u}.
    """
    forward, uses = asked.forward, asked.forward.uses()
    recursion, ends = Recursion(forward), set[str]()
    if recursion.axes and not with_wires:
        ends = {e.target.name for e in forward.equations if not forward.tensors[e.target.name].named and recursion.end(e)}
    held = {r.name for e in forward.equations if isinstance(e.op, Carry) for r in (e.target, *e.operands)}
    if not with_wires:
        held |= {n for t in forward.tensors.values() if t.inner is not None and not t.named for n in (t.inner.of, t.inner.wrt)}
    names = Names(forward)
    sums = {total for (_, total), named in softmaxes(names).named.items()
            if not forward.tensors[total].named and (uses[total] == 1 if named else is_within_softmaxes(names, total))}  # fmt: skip
    return (frozenset(n for n in written_out(asked) if not forward.tensors[n].called) | sums | ends) - held


def labels_drawn(asked: Derivation, with_wires: bool = False) -> Labels:
    """What a picture says of each value that an equation writes; see `unseen`."""
    program, hidden = asked.forward, unseen(asked, with_wires)
    nameless = frozenset[str]() if with_wires else _nameless(asked, hidden)
    labels = labels_at_steps(asked, hidden, nameless) if has_loops(program) else {}
    return labels or _labels(Names(asked.program), program, hidden, nameless)


def _nameless(asked: Derivation, hidden: Collection[str]) -> frozenset[str]:
    """The values that nobody named and no convention does: a picture calls them by their formulas, where these are short."""
    forward = asked.forward
    inner = {n for t in forward.tensors.values() if t.inner is not None for n in (t.inner.of, t.inner.wrt)}
    written = forward.equation_of().keys() - {asked.of, *inner, *hidden}
    return frozenset(n for n in written if is_nameless(n) and not forward.tensors[n].has_name)


def _labels(names: Names, program: Program, hidden: frozenset[str], nameless: frozenset[str]) -> Labels:
    """What a picture writes for each value but the hidden ones, and how it is called where it is read again."""
    by_formula = spelled(names, nameless, hidden)
    called, inline = names.labelled(by_formula), hidden | by_formula.keys()
    found: Labels = {}
    for equation in program.equations:
        name = equation.target.name
        own = called.tensor(name)
        found[name] = (own, own) if name in by_formula else (equation_formula(called, equation, inline), own)
    return {n: label for n, label in found.items() if n not in hidden}
