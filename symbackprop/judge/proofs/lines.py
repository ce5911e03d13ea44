"""The lines of a box, searched and proved; those of an equal program are remembered."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from typing import Any

from symbackprop.core.derivation import Derivation
from symbackprop.core.program import Program
from symbackprop.display.box import ShownBox, shown_box
from symbackprop.display.names import Holds, unasked

BOXES = 64  # that are remembered, since text that is edited often says the same: a space, a remark, a title

_KNOWN: dict[Hashable, Any] = {}  # what a box depends on -> its lines, the latest last


def shown_lines(derivation: Derivation, numbers: bool) -> ShownBox:
    """The gradients as a table of definitions, each line proved; where there is no NumPy it says that none is."""
    if derivation.is_recursion:
        from symbackprop.display.recursion import steps_box

        steps = _remembered(_steps, derivation, numbers)
        products = _remembered(_products, derivation, numbers, steps) if derivation.product else None
        shown = steps_box(derivation, steps, products)
    else:
        shown = shown_box(derivation, _remembered(_searched, derivation, numbers), _held(derivation) if numbers else unasked)
    return shown if numbers else replace(shown, proved=False)


def _held(derivation: Derivation) -> Holds:
    """What numbers say of an equation in matrices."""
    from symbackprop.judge.proofs.held import holds

    return partial(holds, derivation)


def _remembered(found: Callable[..., Any], derivation: Derivation, numbers: bool, *about: Any) -> Any:
    """What a search finds for a derivation; for an equal program it is the same."""
    meaning = found, derivation.of, _content(derivation.program), _content(derivation.forward), numbers
    if meaning not in _KNOWN:
        _KNOWN[meaning] = found(derivation, *about, numbers)
        for oldest in list(_KNOWN)[:-BOXES]:
            _KNOWN.pop(oldest, None)
    return _KNOWN[meaning]


def _searched(derivation: Derivation, numbers: bool) -> Any:
    """The lines of a box, proved where there are numbers to do it with."""
    if numbers:
        from symbackprop.judge.proofs.proved import proved_box

        return proved_box(derivation)
    from symbackprop.algebra.box import box

    return box(derivation.program)


def _content(program: Program) -> Hashable:
    """All that a program says."""
    return tuple(program.tensors.items()), program.equations, program.outputs, program.conditions


def _steps(derivation: Derivation, numbers: bool) -> Any:
    """The same of a program with loops."""
    if numbers:
        from symbackprop.judge.proofs.recursed import proved_steps

        return proved_steps(derivation)
    from symbackprop.algebra.recursion import step_box

    return step_box(derivation.program)


def _products(derivation: Derivation, steps: Any, numbers: bool) -> Any:
    """What all steps of its loops do to gradients at once."""
    if numbers:
        from symbackprop.judge.proofs.multiplied import proved_products

        return proved_products(derivation, steps)
    from symbackprop.algebra.step_product import step_products

    return step_products(derivation.program, steps)
