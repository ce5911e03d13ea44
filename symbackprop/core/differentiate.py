"""What is asked of the chain rule, looked at before it runs: of what, by what, and whether that has a derivative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, count

from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.choices import nearest
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.program import Program, check, shape_text
from symbackprop.core.stable import stable


def differentiate(program: Program, of: str, wrt: Iterable[str] | None = None, jacobian: bool = False) -> Derivation:
    """d `of` / d w for every w of `wrt`, by the chain rule.

    program    a forward program, or one that holds gradients already (for second derivatives).
    of         the name of a scalar; of any tensor where `jacobian` is set.
    wrt        names of inputs or values; None: every parameter, or every input that is not an integer or a constant.
    jacobian   allow `of` to have axes: the derivative then has the shape of `of` followed by that of w.

    Raises DerivationError for a name that is not there, a loss that is not a scalar, or nothing to differentiate by.
    """
    _require(program, of, "to differentiate")
    if program.shape(of) and not jacobian:
        raise DerivationError(
            f"{of} has the shape {shape_text(program.shape(of))}, a loss is a scalar. Write {_free(program)} = sum({of}); or name "
            f'{of} as what is differentiated (of="{of}", on the command line --loss {of}) for its Jacobian.'
        )
    if wrt is None:
        wrt = [t.name for t in program.parameters] or [t.name for t in program.inputs if t.kind not in ("integers", "constant")]
    names = tuple(dict.fromkeys(wrt))
    if not names:
        raise DerivationError("the network has no parameter and no input to differentiate by; declare one: W: parameter[h, d]")
    for name in names:
        _require(program, name, "to differentiate by")
        if program.tensors[name].kind == "integers":
            raise DerivationError(f"{name} holds integers: it has no derivative. Differentiate by the tensor that it indexes.")
        if program.tensors[name].kind == "labels" and any(t.role for t in program.tensors.values()):
            raise DerivationError(
                f"{name} are labels, which sum to one, and the gradients of this program use that; declare {name} as data to "
                f"differentiate them by it once more."
            )
    return Derivation(program, check(chain_rule(program, of, names)), of, names)


def stabilised(derived: Derivation, kept: Iterable[str] = ()) -> Derivation:
    """The same derivatives of the program in stable spellings, for the compiler; `derived` where there is nothing to rewrite.

    kept   further names that no rule looks through, beside those that it is differentiated by.
    """
    kept = {*kept, *derived.wrt, derived.of}
    first = None if derived.first is None else stabilised(derived.first, kept)
    forward = stable(derived.forward, kept) if first is None else first.program
    if forward is derived.forward or not kept & derived.forward.tensors.keys() <= forward.tensors.keys():
        return derived
    return replace(derived, forward=forward, program=check(chain_rule(forward, derived.of, derived.wrt)), first=first)


def _free(program: Program) -> str:
    """A name for a loss that no tensor has."""
    names = chain(("L", "loss", "total"), (f"L_{k}" for k in count(1)))
    return next(name for name in names if name not in program.tensors)


def _require(program: Program, name: str, purpose: str) -> None:
    if name not in program.tensors:
        near = nearest(name, program.tensors)
        known = ", ".join(n for n, t in program.tensors.items() if t.named)
        raise DerivationError(
            f"there is no {name} {purpose}" + (f"; did you mean {near}?" if near else f"; the network has {known}.")
        )
