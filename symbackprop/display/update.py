r"""The step of gradient descent: W \leftarrow W - \eta \frac{\partial L}{\partial W}, for every parameter among `wrt`."""

from __future__ import annotations

from collections.abc import Iterator

from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.errors import shown
from symbackprop.core.program import Program, letter_sizes
from symbackprop.display.body import scalar
from symbackprop.display.index_form import index_equation
from symbackprop.display.names import Names
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter, parse_name
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Atom, Node, walk

_RATES = ("eta", "alpha", "rho", "kappa", "rate")  # what a clash is mended by, the first that is free


def require_rate(derivation: Derivation) -> None:
    """See that the learning rate has a letter of its own, and something to update.

    Raises DerivationError, with the mend, for what is no name, a name that the formulas hold already, a derivative that is not that
    of a scalar, and where nothing that is differentiated by is a parameter.
    """
    rate = derivation.update
    assert rate is not None
    if not (isinstance(rate, str) and rate.isidentifier()):
        raise DerivationError(f'update={shown(rate)}: give the learning rate as a name, such as update="eta"')
    if derivation.first is not None or derivation.forward.shape(derivation.of) or derivation.vector:
        raise DerivationError(f"update={rate!r}: a step of descent needs the gradient of a scalar; leave update away here")
    if not updated(derivation):
        known = ", ".join(t.name for t in derivation.forward.inputs if t.kind == "parameter")
        mend = f"give one by wrt: {known}" if known else 'declare one, such as "W: parameter[h, d]"'
        raise DerivationError(f"update={rate!r}: none of {', '.join(derivation.wrt)} is a parameter; {mend}")
    taken = frozenset(_atoms(derivation.program))
    if _head(rate) in taken:
        free = next(name for name in (*_RATES, f"{rate}_rate") if _head(name) not in taken)
        said = plain(rate_formula(rate))
        raise DerivationError(f"update={rate!r}: {said} means something else in this network; give another letter, such as {free}")


def updated(derivation: Derivation) -> tuple[str, ...]:
    """The parameters among what is differentiated by."""
    return tuple(n for n in derivation.wrt if derivation.program.tensors[n].kind == "parameter")


def update_formula(names: Names, gradient: str, wrt: str, rate: str) -> Node:
    r"""W \leftarrow W - \eta \frac{\partial L}{\partial W}; `gradient`: the tensor that holds dL/dW."""
    own = names.tensor(wrt)
    step = f.juxtapose([rate_formula(rate), names.tensor(gradient)])
    return f.relation(own, f.symbol("leftarrow"), f.add([own, f.negative(step)]))


def rate_formula(rate: str) -> Node:
    """The learning rate on paper."""
    return parse_name(rate).formula()


def _head(name: str) -> Atom:
    """The sign that a name is known by, without its subscripts and marks."""
    return next(part for part in walk(parse_name(name).base) if isinstance(part, Atom))


def _atoms(program: Program) -> Iterator[Atom]:
    """Every sign that stands for something in the formulas of a program: names, sizes, indices, functions."""
    names = Names(program)
    written: list[Node] = [names.tensor(t.name) for t in program.tensors.values() if t.role is None]
    written += [scalar(extent) for t in program.tensors.values() for extent in t.shape]
    for equation in program.equations:
        written += [index_equation(names, equation), *(letter(c) for c in letter_sizes(program, equation))]
    for node in written:
        yield from (part for part in walk(node) if isinstance(part, Atom))
