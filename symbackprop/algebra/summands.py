"""The order of summands: what came from above, what is taken away, numbers; what looks alike in the author's order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symbackprop.algebra.matrix import Form, Front, front_of, leaves, number, scaled
from symbackprop.algebra.normal import Algebra
from symbackprop.algebra.positions import place_of, tensor_of

MEANS = ("mean", "rowmean", "colmean")


def in_order(a: Algebra, summands: Sequence[Form], beside: Callable[[str], Any], mentioned: Callable[[str], int]) -> list[Form]:
    """The summands in reading order; `beside` is the place of a tensor in a sum, `mentioned` that in the loss."""
    summands = [_taken_away(a, x) for x in summands]
    where, first = _places_of_numbers(summands), _mention(summands, mentioned)
    made = sorted(summands, key=lambda x: (*where(x), first(x), not _is_from_above(x), x.negative and not _is_mean(x)))
    bare = [_bare(x) for x in made]
    if bare[0].op not in ("leaf", "hadamard") or len({_outline(x) for x in bare}) > 1:
        return made
    said = [[(beside(tensor_of(leaf.name)), place_of(leaf.name)) for leaf in leaves(x)] for x in bare]  # A + A^T, d_1 r_1 + d_2 r_2
    return [made[k] for k in sorted(range(len(made)), key=lambda k: (made[k].negative, said[k], made[k] != bare[k]))]


def _mention(summands: Sequence[Form], mentioned: Callable[[str], int]) -> Callable[[Form], int]:
    """Where the loss speaks first of what a summand alone is made of; several gradients are in the order of their paths."""
    names = [{tensor_of(leaf.name) for leaf in leaves(x)} for x in summands] if len(summands) > 1 else []
    if not names or sum(any("/" in name for name in own) for own in names) > 1:
        return lambda x: 0
    shared = set[str].intersection(*names)
    place = {id(x): min(map(mentioned, own - shared), default=0) for x, own in zip(summands, names, strict=True)}
    return lambda x: 0 if x.negative else place[id(x)]


def _taken_away(a: Algebra, x: Form) -> Form:
    """- (1 - l) y for (l - 1) y, where l is a weight: a positive number that is given. What is computed is left, (p - 1) u."""
    front, body = front_of(x)
    for k, top in enumerate(front.tops):
        if top.op == "sum" and len(top.parts) == 2 and top.parts[1] == number(-1) and _is_weight(a, top.parts[0]):
            turned = Form("sum", (number(1), scaled(Front(-1), top.parts[0])))
            tops = (*front.tops[:k], turned, *front.tops[k + 1 :])
            return scaled(Front(-front.coefficient, tops, front.bottoms), body)
    return x


def _is_weight(a: Algebra, x: Form) -> bool:
    """Whether a form is a number that is given and positive."""
    own = x.given.name if x.op == "leaf" else None
    return any(atom.name == own and atom.positive and atom not in a.called for atom in a.table.values() if atom.kind == "leaf")


def _is_from_above(form: Form) -> bool:
    """Whether a gradient is in it: that of the data stands before that of what keeps parameters small, X^T d + 2 l w."""
    return any("/" in tensor_of(leaf.name) for leaf in leaves(form))


def _is_mean(x: Form) -> bool:
    """Whether a summand is a mean alone: g - mean(g) - u mean(g u)."""
    _, body = front_of(x)
    return body is not None and body.op in MEANS


def _places_of_numbers(made: Sequence[Form]) -> Callable[[Form], tuple[bool, bool, bool]]:
    """Where summands stand by sign and number: 1 - a, 1 + q, but v + 10^-5 and 2 a^2 - 3 a + 1."""
    behind = any(x.op != "number" and not x.negative for x in made)
    first = [x for x in made if len(made) == 2 and x.op == "number" and x.given > 0 and x.given.denominator == 1]
    return lambda x: (behind and x.op == "number" and x not in first, x.negative, x not in first)


def _bare(x: Form) -> Form:
    """A tensor without its sign and what turns or repeats it: b of -1 b^T."""
    if x.op == "transpose" or (x.op == "scaled" and x.parts and x.given.is_sign):
        return _bare(x.parts[0])
    rest = [part for part in x.parts if _bare(part).op != "ones"] if x.op == "product" else []
    return _bare(rest[0]) if len(rest) == 1 else x


def _outline(x: Form) -> tuple[Any, ...]:
    """A form without the names of its tensors; what has scalars before it is like no other."""
    given = None if x.op == "leaf" else id(x) if x.op == "scaled" else x.given
    return x.op, given, tuple(map(_outline, x.parts))
