"""What is asked of the chain rule, looked at before it runs: of what, by what, and whether that has a derivative."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.program import Program, check, shape_text


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
            f"{of} has the shape {shape_text(program.shape(of))}, a loss is a scalar. Write L = sum({of}); or name {of} as what is "
            f'differentiated (of="{of}", on the command line --loss {of}) for its Jacobian.'
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


def _require(program: Program, name: str, purpose: str) -> None:
    if name not in program.tensors:
        near = get_close_matches(name, list(program.tensors), 1)
        known = ", ".join(n for n, t in program.tensors.items() if t.named)
        raise DerivationError(
            f"there is no {name} {purpose}" + (f"; did you mean {near[0]}?" if near else f"; the network has {known}.")
        )
