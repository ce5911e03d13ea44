"""Which of the arrays that a backward pass returned is the gradient of which array of its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbackprop.judge.functions.calls import FunctionJudgeError, Scene
from symbackprop.judge.functions.leaves import Leaf, is_number, leaves

MARKS = ("d{}", "d_{}", "grad_{}", "grad{}", "{}_grad", "{}grad", "{}_gradient", "g_{}", "gradient_{}", "delta_{}", "nabla_{}")
"""How people mark the gradient of a name."""
HOLDERS = ("grad", "grads", "gradient", "gradients", "dparams", "d_params", "g")
"""What people call a container of gradients."""


@dataclass(frozen=True)
class Pair:
    """An array of the arguments with what is claimed to be its gradient, and by what they were brought together."""

    leaf: Leaf
    name: str
    claimed: Leaf
    by: str


def variables(scene: Scene) -> list[Leaf]:
    """Every float array of the arguments and of the owners of bound methods, in the order of writing."""
    found: list[Leaf] = []
    met: set[int] = set()
    for name, root in scene.roots:
        for leaf in leaves(root, (("argument", name),)):
            if id(leaf.value) not in met or not hasattr(leaf.value, "shape"):
                met.add(id(leaf.value))
                found.append(leaf)
    return found


def wished(scene: Scene, wrt: Any) -> list[tuple[str, Leaf]] | None:
    """The arrays that `wrt` names, each with what to call it; None where nothing is wished.

    wrt   None, a name or path, several, or a function of the arguments that gives the arrays by name.
    Raises FunctionJudgeError for a name that is not there.
    """
    if wrt is None:
        return None
    found = variables(scene)
    if callable(wrt):
        picked = wrt(*scene.arguments)
        if not isinstance(picked, dict):
            raise FunctionJudgeError('wrt as a function gives a dictionary, such as {"b1": net.biases[0]}')
        by_identity = {id(leaf.value): leaf for leaf in found}
        missing = [name for name, value in picked.items() if id(value) not in by_identity]
        if missing:
            raise FunctionJudgeError(
                f"wrt: {missing[0]} is no float array that the arguments hold; give the array itself, not a copy"
            )
        return [(name, by_identity[id(value)]) for name, value in picked.items()]
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    return [(name, _named(name, found)) for name in names]


def _named(name: str, found: Sequence[Leaf]) -> Leaf:
    exact = [leaf for leaf in found if leaf.name == name] or [leaf for leaf in found if _last(leaf) == name]
    if len(exact) == 1:
        return exact[0]
    known = ", ".join(leaf.name for leaf in found[:12])
    if exact:
        raise FunctionJudgeError(f"wrt: {name} is {len(exact)} arrays: {', '.join(leaf.name for leaf in exact[:6])}; give the path")
    raise FunctionJudgeError(f"wrt: there is no float array {name} in the arguments; there are {known or 'none'}")


def pairs(scene: Scene, result: Any, wrt: list[tuple[str, Leaf]] | None, after: Scene) -> list[Pair]:
    """What was returned, or else written beside the arguments, brought together with the arrays that it is by.

    scene    the arguments before the call.
    result   what the backward pass returned.
    wrt      the arrays that are meant; None: they follow from what was returned.
    after    the arguments after the call, with what was written on them.
    Raises FunctionJudgeError where they cannot be told apart.
    """
    candidates = wrt if wrt is not None else [(leaf.name, leaf) for leaf in variables(scene)]
    returned = list(leaves(result, wanted=is_number))
    written = _written(candidates, after)
    if returned:  # what was not returned may be written beside: dx returned, self.dW written
        old = {place.steps: place.value for place in _everything(scene)}
        fresh = [p for p in written if not np.array_equal(old.get(p.claimed.steps, ()), p.claimed.value, equal_nan=True)]
        meant = wrt
        if wrt is not None and len(returned) < len(wrt):
            meant = [(name, leaf) for name, leaf in wrt if leaf.steps not in {p.leaf.steps for p in fresh}]
        found = _returned(candidates if meant is None else meant, returned, meant)
        return [*found, *(p for p in fresh if p.leaf.steps not in [q.leaf.steps for q in found])]
    if not written:
        raise FunctionJudgeError(
            "the gradient function returned no array, and wrote none that is called after an argument (self.dW for self.W, "
            "grads['W'] for params['W']); return the gradients, as an array, a tuple or a dictionary"
        )
    return written


def _returned(candidates: Sequence[tuple[str, Leaf]], returned: Sequence[Leaf], wrt: list[tuple[str, Leaf]] | None) -> list[Pair]:
    """What was returned, brought together with the arrays by names, by order or by shapes."""
    by_name = _by_name(candidates, returned)
    if by_name and (wrt is None or len(by_name) == len(wrt)):
        return by_name
    if wrt is not None:
        return _in_order(candidates, returned, "by the order of wrt")
    inside = [(name, leaf) for name, leaf in candidates if leaf.inside]
    for group in (inside, candidates):
        if len(group) == len(returned):
            backwards = list(reversed(returned))
            if not _fit(group, returned) and _fit(group, backwards):
                return _in_order(group, backwards, "by their order, from the last to the first")
            return _in_order(group, returned, "by their order")
    return _by_shape(candidates, returned)


def _in_order(candidates: Sequence[tuple[str, Leaf]], returned: Sequence[Leaf], by: str) -> list[Pair]:
    if len(candidates) != len(returned):
        raise FunctionJudgeError(
            f"{len(returned)} arrays were returned for {len(candidates)} variables ({', '.join(n for n, _ in candidates[:8])}); "
            "return one gradient for each, or a dictionary with their names"
        )
    return [Pair(leaf, name, claimed, by) for (name, leaf), claimed in zip(candidates, returned, strict=True)]


def _by_shape(candidates: Sequence[tuple[str, Leaf]], returned: Sequence[Leaf]) -> list[Pair]:
    """The first arguments where the shapes agree one by one, else the only arguments of those shapes."""
    first = candidates[: len(returned)]
    if len(first) == len(returned) and _fit(first, returned):
        return _in_order(first, returned, "by the order of the arguments")
    found = []
    for claimed in returned:
        fits = [(name, leaf) for name, leaf in candidates if leaf.shape == claimed.shape]
        if len(fits) != 1:
            raise FunctionJudgeError(
                f"of what the {len(returned)} returned arrays are the gradients is not clear; the variables are "
                f"{', '.join(f'{name} {leaf.shape}' for name, leaf in candidates[:8])}. Say it by wrt=[...], or return a dictionary"
            )
        found.append(Pair(fits[0][1], fits[0][0], claimed, "by its shape"))
    return found


def _fit(candidates: Sequence[tuple[str, Leaf]], returned: Sequence[Leaf]) -> bool:
    """Whether the shapes agree one by one."""
    return all(leaf.shape == g.shape for (_, leaf), g in zip(candidates, returned, strict=True))


def _by_name(candidates: Iterable[tuple[str, Leaf]], returned: Sequence[Leaf]) -> list[Pair]:
    found, used = [], set()
    for name, leaf in candidates:
        fits = [k for k, g in enumerate(returned) if k not in used and _means(leaf, name, g)]
        if len(fits) == 1:
            used.add(fits[0])
            found.append(Pair(leaf, name, returned[fits[0]], "by name"))
    return found if len(used) == len(returned) else []


def _written(candidates: Iterable[tuple[str, Leaf]], after: Scene) -> list[Pair]:
    """Gradients that a backward pass wrote on the objects of its arguments, such as self.dweights beside self.weights."""
    places = [leaf for leaf in _everything(after) if len(leaf.steps) > 1]
    found = []
    for name, leaf in candidates:
        fits = [place for place in places if place.steps != leaf.steps and _is_beside(leaf, place)]
        if len(fits) == 1:
            found.append(Pair(leaf, name, fits[0], f"written to {fits[0].name}"))
    return found


def _everything(scene: Scene) -> Iterable[Leaf]:
    for name, root in scene.roots:
        yield from leaves(root, (("argument", name),), is_number)


def _is_beside(leaf: Leaf, place: Leaf) -> bool:
    """Whether a place is marked as the gradient of a leaf of the same holder."""
    own, other = leaf.steps, place.steps
    if own[:-1] == other[:-1] and _marked(str(own[-1][1]), str(other[-1][1])):
        return True
    if own[:-1] == other[:-1] and own[-1][1] in ("data", "value", "w", "val") and other[-1][1] == "grad":
        return True
    renamed = len(own) == len(other) and own[-1] == other[-1] and own[:-2] == other[:-2]
    if renamed and len(own) > 2:
        return str(other[-2][1]).lower() in HOLDERS or _marked(str(own[-2][1]), str(other[-2][1]))
    return False


def _marked(name: str, gradient: str) -> bool:
    return gradient.lower() in {mark.format(name.lower()) for mark in MARKS}


def _means(leaf: Leaf, name: str, gradient: Leaf) -> bool:
    """Whether a returned array is called after a leaf: by its last name, with or without a mark, at the same places of lists."""
    theirs = _last(gradient)
    if theirs is None:
        return False
    places = [[at for kind, at in steps if kind == "item"] for steps in (leaf.steps, gradient.steps)]
    own = _last(leaf) or ""
    return any(theirs.lower() == n.lower() or _marked(n, theirs) for n in {own, name}) and (places[0] == places[1] or not places[1])


def _last(leaf: Leaf) -> str | None:
    """The last name on the way to a leaf."""
    return next((str(at) for kind, at in reversed(leaf.steps) if kind != "item"), None)
