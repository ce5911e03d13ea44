"""What a call keeps in objects for later, self.cache = x, and an earlier call has left there: no input of the next call."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from symbackprop.notation.trace.reached import Attribute, Field, Path

if TYPE_CHECKING:
    from symbackprop.notation.trace.subject import Subject

MOST = 8  # of several, looked at one by one


def states(subject: Subject, held: Iterable[tuple[Path, np.ndarray]]) -> frozenset[Path]:
    """The paths of arrays of floats in objects that a call sets before it reads them.

    held  the arrays of the subject by all their paths.
    """
    held = list(held)
    floats = [(path, array) for path, array in held if array.dtype.kind == "f"]
    inside = [path for path, _ in floats if _is_inside(path)]
    if not inside:
        return frozenset()
    plain = {id(array) for path, array in floats if not _is_inside(path)}
    anew = [path for path, array in floats if _is_inside(path) and id(array) in plain]  # an argument that was kept
    usual = _loss(subject, [], set(), inside, anew)
    if not anew or usual is None or not math.isfinite(usual):
        return frozenset()
    if _loss(subject, anew, found := set()) == usual:
        return frozenset(found)
    return frozenset(path for path in anew[:MOST] if _loss(subject, [path], unread := set()) == usual and unread)


class _Watched(np.ndarray):
    """An array that remembers whether anything was computed of it."""

    is_read = False

    def __array_finalize__(self, made_of: Any) -> None:
        if isinstance(made_of, _Watched):
            made_of.is_read = True

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        self.is_read = True
        return super().__array_function__(function, types, args, options)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*map(_plain, inputs), **{key: _plain(value) for key, value in options.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, _Watched):
        value.is_read = True
        return np.asarray(value)
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


def _is_inside(path: Path) -> bool:
    return any(type(step) is Attribute for step in path[1:])


def _loss(
    subject: Subject, spoilt: Sequence[Path], unread: set[Path], watched: Sequence[Path] = (), anew: list[Path] | None = None
) -> float | None:
    """The loss of a call before which what stands at some paths is spoilt; None where it cannot be told.

    unread  takes those of the spoilt paths whose arrays the call does not read.
    anew    takes those of the watched paths at which another array stands after the call.
    """
    arrays = {name: leaf.array.copy() for name, leaf in subject.leaves.items()}
    try:
        with subject.standing(arrays) as call, np.errstate(all="ignore"):
            roots = subject.stood
            nothing = {path: np.full(np.shape(_at(roots, path)), np.nan).view(_Watched) for path in spoilt}
            for path, array in nothing.items():
                _put(roots, path, array)
            before = [_at(roots, path) for path in watched]
            found = float(np.squeeze(np.asarray(subject.loss_of(call()), dtype=float)))
            unread |= {path for path, array in nothing.items() if not array.is_read}
            if anew is not None:
                anew += [p for p, old in zip(watched, before, strict=True) if p not in anew and _at(roots, p) is not old]
            return found
    except Exception:  # what the function raises is told by the call that counts
        return None


def _at(roots: dict[str, Any], path: Path) -> Any:
    """What stands at a path."""
    found = roots[str(path[0])]
    for step in path[1:]:
        found = getattr(found, step) if isinstance(step, Attribute) else found[step]
    return found


def _put(roots: dict[str, Any], path: Path, value: Any) -> None:
    """Set what stands at a path; a tuple is made anew."""
    front, last = path[:-1], path[-1]
    parent = _at(roots, front)
    if isinstance(last, Field):
        _put(roots, front, parent._replace(**{str(last): value}))
    elif isinstance(last, Attribute):
        setattr(parent, last, value)
    elif isinstance(parent, tuple):
        _put(roots, front, tuple(value if k == last else one for k, one in enumerate(parent)))
    else:
        parent[last] = value
