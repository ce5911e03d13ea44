"""Writing to pinned positions: the gradient of a slice, a window or a take goes back to the places that were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy as sp
from sympy import Expr, S

from symbackprop.backends.numpy.arrays import Array, Letters, aligned, constant_text, fitted, shape_text
from symbackprop.backends.numpy.body import ATOM
from symbackprop.backends.numpy.views import Pinned, Scope, entry_text, slice_text, take_entries, ways, window_letter
from symbackprop.core.guards import digits
from symbackprop.core.program import position


def write(part: Array, target: str, letters: Letters, axes: Mapping[str, Pinned], extents: Sequence[Expr], scope: Scope,
          loops: Mapping[str, str], output: bool = False) -> list[str]:  # fmt: skip
    """The lines that put `part` into a new array `target` at pinned positions, adding where positions meet.

    part      over the letters of `letters` that are not pinned and the letters of the positions.
    letters   the letters of the target.
    axes      its pinned axes.
    loops     the identifiers of loop variables.
    output    whether the target is handed out, so that it must not share memory.
    """
    free = tuple(c for c in letters if c not in axes)
    by = ways(letters, axes, scope.sizes)
    if set(by.values()) == {"digits"}:
        parts = {c: digits(p.form, p.extent, scope.sizes) or () for c, p in axes.items()}
        order = tuple(d for c in letters for d in parts.get(c, (c,)))
        whole = fitted(part, order, [scope.sizes.get(c, S.One) for c in order], scope.show, scope.dialect)
        copy = ".copy()" if output and whole.view else ""
        return [f"{target} = {whole.atom}.reshape{shape_text([scope.show(e) for e in extents])}{copy}"]
    if "take" in by.values():
        return _added(part, target, letters, axes, extents, scope, free)
    shape, crop, entries, over, frame = [], [], [], [], []
    for c, extent in zip(letters, extents, strict=True):
        if c not in axes:
            shape.append(extent)
            crop.append(":")
            entries.append(":")
            frame.append(c)
            continue
        pinned = axes[c]
        shape.append(pinned.extent + pinned.below + pinned.above)
        crop.append(slice_text(pinned.below, pinned.extent, 1, shape[-1], scope) if pinned.hangs else ":")
        form = pinned.shifted().form
        if not form.slopes:
            entries.append(entry_text(pinned.shifted(), scope)[0])
            continue
        looped = [window_letter(form, scope.sizes)] if len(form.slopes) == 2 else []
        start = sp.Add(form.offset, *[form.slopes[a] * position(a) for a in looped])
        ((main, step),) = [(a, s) for a, s in form.slopes.items() if a not in looped]
        names = {a: loops[a] for a in looped}
        entries.append(slice_text(start, scope.sizes[main], int(step), shape[-1], scope, names))  # type: ignore[call-overload]
        over += looped
        frame.append(main)
    return _assigned(part, target, entries, tuple(frame), over, (shape, crop), scope, loops)


def _zeros(shape: Sequence[Expr], scope: Scope) -> str:
    return constant_text("0", [scope.show(sp.expand(extent)) for extent in shape], scope.dialect)


def _assigned(part: Array, target: str, entries: list[str], frame: Letters, over: list[str],
              edges: tuple[list[Expr], list[str]], scope: Scope, loops: Mapping[str, str]) -> list[str]:  # fmt: skip
    shape, crop = edges
    lines = [f"{target} = {_zeros(shape, scope)}"]
    inner = [c for c in over if c in part.free]
    part = aligned(part, (*frame, *inner))
    if inner:
        if part.text.count("(") or part.text.count(" "):
            part = replace(part, text=scope.keep(f"{target}_parts", part.text, scope.shape(part.letters)), level=ATOM)
        part = Array(f"{part.atom}[..., {', '.join(loops[c] for c in inner)}]")
    for depth, c in enumerate(over):
        lines.append(f"{'    ' * depth}for {loops[c]} in range({scope.show(scope.sizes[c])}):")
    put = scope.dialect.put(target, ", ".join(_trimmed(entries)), part.text, bool(over))
    lines.append(f"{'    ' * len(over)}{put}")
    if any(entry != ":" for entry in crop):
        lines.append(f"{target} = {target}[{', '.join(_trimmed(crop))}]")
    return lines


def _trimmed(entries: list[str]) -> list[str]:
    while len(entries) > 1 and entries[-1] == ":":
        entries = entries[:-1]
    return entries


def _added(part: Array, target: str, letters: Letters, axes: Mapping[str, Pinned], extents: Sequence[Expr], scope: Scope,
           free: Letters) -> list[str]:  # fmt: skip
    entries, frame, selected = take_entries(letters, axes, scope)
    lines = [f"{target} = {_zeros(extents, scope)}"]
    entries = _trimmed(entries)
    value = aligned(part, selected)
    if set(frame) <= set(free):  # every place is written once
        return [*lines, scope.dialect.put(target, ", ".join(entries), value.text)]
    return [*lines, scope.dialect.add_at(target, entries, value.text)]
