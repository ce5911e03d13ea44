"""What is asked of the chain rule, looked at before it runs: of what, by what, and whether that has a derivative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, count

from symbackprop.core.chain_rule import chain_rule
from symbackprop.core.choices import nearest
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.derivatives.forward_mode import ONES, forward_mode
from symbackprop.core.derivatives.inner import restated
from symbackprop.core.grammar import check
from symbackprop.core.machine.garbage import without_collections
from symbackprop.core.passes.left_out import without_left_out
from symbackprop.core.passes.stable import stable, with_defined_slopes
from symbackprop.core.program import Program, Signature, shape_text


@without_collections()
def differentiate(
    program: Program, of: str, wrt: Iterable[str] | None = None, jacobian: bool = False, upstream: str = "", vector: str = ""
) -> Derivation:
    """d `of` / d w for every w of `wrt`, by the chain rule.

    program    a forward program, or one that holds gradients already (for second derivatives).
    of         the name of a scalar; of any tensor where `jacobian` or `upstream` is set.
    wrt        names of inputs or values; None: every parameter; where there is none, every input that is not an integer or a
               constant; where something comes from above, every parameter and every such input that `of` depends on.
    jacobian   allow `of` to have axes: the derivative then has the shape of `of` followed by that of w.
    upstream   a name for the gradient that comes to `of` from above: what is derived is its product with the derivative of `of`.
    vector     a name for a direction, or ONES for that of all entries, in which the one tensor of `wrt` moves: what is derived is
               the change of `of`.
               Either is an input of the program, and becomes one where it is not.

    Raises DerivationError for a name that is not there, a loss that is not a scalar, nothing to differentiate by, and where what
    has an upstream is an input.
    """
    _require(program, of, "to differentiate")
    if program.shape(of) and not (jacobian or upstream or vector):
        raise DerivationError(
            f"{of} has the shape {shape_text(program.shape(of))}, a loss is a scalar. Write {_free(program)} = sum({of}); or name "
            f'{of} as what is differentiated (of="{of}", on the command line --loss {of}) for its Jacobian.'
        )
    if upstream and program.tensors[of].kind != "value":
        made = [e.target.name for e in program.equations if program.tensors[e.target.name].named]
        raise DerivationError(
            f"{of} is given, not computed: nothing hands its gradient back. Name a value of the network: {', '.join(made)}"
        )
    if wrt is None:
        real = [t.name for t in program.inputs if t.kind not in ("integers", "constant") and t.name != upstream]
        if upstream:  # targets, which a loss further on reads, are none of the layer's own
            behind = _behind(program, of)
            wrt = [n for n in real if n in behind or program.tensors[n].kind == "parameter"]
        else:
            wrt = [t.name for t in program.parameters] or real
    names = tuple(dict.fromkeys(wrt))
    if not names:
        raise DerivationError("the network has no parameter and no input to differentiate by; declare one: W: parameter[h, d]")
    for name in names:
        _require_by(program, name)
    if vector and len(names) > 1:
        raise DerivationError(f"vector={vector!r}: one tensor moves, {', '.join(names)} are several; name one by wrt: {names[0]}")
    program = _given(program, "upstream", upstream, of)
    program = _given(program, "vector", vector, next(iter(names)))
    found = Derivation(program, program, of, names, upstream=upstream, vector=vector)
    return replace(found, program=_swept(found, program))


def _behind(program: Program, name: str) -> set[str]:
    """All that a value is computed from."""
    written, found, waiting = program.equation_of(), set[str](), [name]
    while waiting:
        equation = written.get(waiting.pop())
        new = {r.name for r in equation.operands} - found if equation else set()
        found |= new
        waiting += new
    return found


def with_product(derived: Derivation) -> Derivation:
    """The derivation whose box says what all steps of a loop do at once; DerivationError where there is none."""
    if not derived.is_recursion:
        raise DerivationError(
            "product=True: this is no gradient of a loss through a loop, whose steps are multiplied; leave product away here"
        )
    return replace(derived, product=True)


def _require_by(program: Program, name: str) -> None:
    _require(program, name, "to differentiate by")
    if program.tensors[name].kind == "integers":
        raise DerivationError(f"{name} holds integers: it has no derivative. Differentiate by the tensor that it indexes.")
    if program.tensors[name].kind == "labels" and any(t.role or t.inner for t in program.tensors.values()):
        raise DerivationError(
            f"{name} are labels, which sum to one, and the gradients of this program use that; declare {name} as data to "
            f"differentiate them by it once more."
        )


def _swept(derived: Derivation, forward: Program) -> Program:
    """A forward program with the derivatives that a derivation asks for."""
    of, wrt = derived.of, derived.wrt
    if derived.vector:
        return check(forward_mode(forward, of, wrt[0], derived.vector))
    return check(chain_rule(forward, of, wrt, derived.upstream))


def _given(program: Program, word: str, name: str, like: str) -> Program:
    """The program with an input of the shape of another tensor; one that is declared already is used as it is."""
    if not name or (word == "vector" and name == ONES):
        return program
    own = program.tensors.get(name)
    if own is None and not name.isidentifier():
        raise DerivationError(f'{word}={name!r} is no name: give one, such as {word}="{"d" + like if word == "upstream" else "v"}"')
    if own is None and name in map(str, program.sizes()):
        raise DerivationError(f"{word}={name!r}: {name} is a size of this network; give another name")
    if own is not None and (own.kind != "data" or own.shape != program.shape(like)):
        is_ = "a value" if own.kind == "value" else f"{own.kind}{shape_text(own.shape)}"
        raise DerivationError(
            f"{word}={name!r}: {name} is {is_} in this network, not data of the shape {shape_text(program.shape(like))} of {like}; "
            f"give another name"
        )
    return program if own else replace(program, tensors={name: Signature(name, program.shape(like), "data"), **program.tensors})


def stabilised(derived: Derivation, kept: Iterable[str] = ()) -> Derivation:
    """The same derivatives of the program in stable spellings, for the compiler; `derived` where there is nothing to rewrite.

    kept   further names that no rule looks through, beside those that it is differentiated by.
    """
    kept = {*kept, *derived.wrt, derived.of}
    first = None if derived.first is None else stabilised(derived.first, kept)
    forward = stable(restated(derived.forward, kept), kept) if first is None else first.program
    if forward is derived.forward or not kept & derived.forward.tensors.keys() <= forward.tensors.keys():
        program = sound(derived.program)
        return derived if program is derived.program else replace(derived, program=program)
    for word, like in (("upstream", derived.of), ("vector", derived.wrt[0])):
        forward = _given(forward, word, getattr(derived, word), like)
    return replace(derived, forward=forward, program=sound(_swept(derived, forward)), first=first)


def sound(program: Program) -> Program:
    """The program with no infinite part that is 0 as a whole: slopes of powers at 0, and what a condition leaves out."""
    return without_left_out(with_defined_slopes(program))


def _free(program: Program) -> str:
    """A name for a loss that no tensor has."""
    names = chain(("L", "loss", "total"), (f"L_{k}" for k in count(1)))
    return next(name for name in names if name not in program.tensors)


def _require(program: Program, name: str, purpose: str) -> None:
    if name not in program.tensors:
        near = nearest(name, program.tensors)
        known = ", ".join(n for n, t in program.tensors.items() if t.named)
        raise DerivationError(
            f"there is no {name[:60]} {purpose}" + (f"; did you mean {near}?" if near else f"; the network has {known}.")
        )
