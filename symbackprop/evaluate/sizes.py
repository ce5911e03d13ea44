"""The sizes of a network: solved from the shapes of arrays, or drawn; the one solver, with one wording for what does not fit.

Every axis of every array is an equation, expression = number; one with a single unknown size is solved for it, until nothing is
left to solve. What is found is put back into every axis and every condition of the program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from symbackprop.core.choices import mend
from symbackprop.core.errors import shown
from symbackprop.core.program import Program, Signature, beside, shape_text
from symbackprop.evaluate.extents import SizeError, Sizes, evaluator, known, roots

if TYPE_CHECKING:  # shapes of names and numbers are solved without SymPy
    from sympy import Expr, Symbol

ATTEMPTS = 4000  # draws of sizes
STEPS = (3, 1, 2, 5)  # of a loop: the first, the last, one between, and none of these
GIVEN = "as given"


def settled(program: Program, given: Mapping[str, Any] | None) -> dict[str, int]:
    """Sizes that a person gives, by name.

    Raises SizeError for a name that is no size of the program, or what is no whole number from 1 on.
    """
    names = {s.name for s in (*program.sizes(), *(s for c in program.conditions for s in c.free_symbols))}  # type: ignore[attr-defined]
    other = _other_names(program, names)
    found: dict[str, int] = {}
    told: dict[str, str] = {}
    for written, number in (given or {}).items():
        meant = [str(written)] if str(written) in names else other.get(str(written), [])
        if len(meant) > 1:
            raise SizeError(f"{written} is no size of this network; {' and '.join(meant)} are")
        if not meant:
            raise SizeError(f"{written} is no size of this network; {mend(str(written), {*names, *other})}")
        (name,) = meant
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise SizeError(f"the size {name} must be a whole number from 1 on, not {shown(number)}")
        if found.setdefault(name, int(number)) != number:
            raise SizeError(f"{told[name]} and {written} are one size, and cannot be {found[name]} and {number}")
        told[name] = str(written)
    return found


def _other_names(program: Program, names: Collection[str]) -> dict[str, list[str]]:
    """The sizes that may be given as values are called, n_h as h."""
    return {value: own for value in program.tensors if value not in names and (own := [n for n in beside(value) if n in names])}


class _Axis(NamedTuple):
    tensor: Signature
    expression: Expr
    evaluate: Callable[[Sizes], Any]
    symbols: frozenset[str]


class Solver:
    """What the shapes of some inputs tell.

    program   the declarations and the conditions on sizes.
    names     the inputs whose shapes are known; None: all.
    """

    def __init__(self, program: Program, names: Iterable[str] | None = None) -> None:
        self.program = program
        self.inputs = list(program.inputs) if names is None else [program.tensors[name] for name in names]
        self.conditions = [(c, evaluator(c)) for c in program.conditions if not c.is_nonnegative]
        self.axes = [[_axis(tensor, e) for e in tensor.shape] for tensor in self.inputs]

    def solve(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        given: Mapping[str, Any] | None = None,
        otherwise: Sizes | None = None,
        samples: Collection[str] = (),
    ) -> dict[str, int]:
        """Every size that the shapes tell, once all shapes agree with what was declared.

        shapes      by the name of the input; an input that is left out tells nothing.
        given       sizes that are settled.
        otherwise   sizes to take where no shape tells them.
        samples     inputs whose shape here is that of one sample.

        Raises SizeError for a shape that does not fit, naming what the other sizes are and who told them.
        """
        try:
            return self._solved(shapes, given, otherwise, samples)
        except SizeError as error:
            raise SizeError(_of_both(str(error), self.program)) from None

    def _solved(
        self, shapes: Mapping[str, tuple[int, ...]], given: Mapping[str, Any] | None, otherwise: Sizes | None,
        samples: Collection[str],
    ) -> dict[str, int]:  # fmt: skip
        found = settled(self.program, given)
        origin = dict.fromkeys(found, GIVEN)
        axes = []
        for tensor, own in zip(self.inputs, self.axes, strict=True):
            if tensor.name in shapes:
                shape = shapes[tensor.name]
                if len(shape) != len(own) or 0 in shape:
                    raise SizeError(misfit(tensor, shape, sample=tensor.name in samples))
                axes += zip(own, shape, strict=True)
        axes.sort(key=lambda a: not a[0].expression.is_Symbol)
        _propagate(axes, found, origin)
        if otherwise:
            found = {**otherwise, **found}
            _propagate(axes, found, origin)
        for axis, n in axes:
            wanted = axis.evaluate(found)
            if wanted is not None and wanted != n:
                others = {s: at for s, at in origin.items() if at != axis.tensor.name}
                raise SizeError(misfit(axis.tensor, shapes[axis.tensor.name], found, others, axis.tensor.name in samples))
        self._hold(found)
        return found

    def _hold(self, found: Sizes) -> None:
        for condition, evaluate in self.conditions:
            number = evaluate(found)
            if number is not None and number < 0:
                raise SizeError(f"the network needs {condition} >= 0, which does not hold for {known(condition, found)}")

    def complete(self, found: dict[str, int]) -> dict[str, int]:
        """The same sizes. Raises SizeError where one of the program is not among them."""
        for symbol in self.program.sizes():
            if symbol.name not in found:
                raise SizeError(_of_both(untold(self.program, symbol), self.program))
        return found


def _of_both(said: str, program: Program) -> str:
    """What is said, and how a size in it may be called as well."""
    names, words = {str(s) for s in program.sizes()}, {*re.findall(r"\w+", said)}
    both = [(own[0], value) for value, own in _other_names(program, names).items() if len(own) == 1 and own[0] in words]
    return f"{said.rstrip('.')}. {' '.join(f'The size {own} may be given as {value}.' for own, value in both)}" if both else said


def _axis(tensor: Signature, expression: Expr) -> _Axis:
    return _Axis(tensor, expression, evaluator(expression), frozenset(s.name for s in expression.free_symbols))  # type: ignore[attr-defined]


def misfit(
    tensor: Signature,
    shape: Sequence[int],
    sizes: Sizes | None = None,
    origin: Mapping[str, str] | None = None,
    sample: bool = False,
) -> str:
    """What is said of an array whose shape is not the declared one.

    sizes, origin   the sizes that are known, and for those that others tell, who does.
    sample          whether the shape is that of one sample.
    """
    from sympy import Indexed, ordered

    names = dict.fromkeys(s.name for n in tensor.shape for s in ordered(n.free_symbols))  # type: ignore[attr-defined]
    told = [f"{s} = {sizes[s]} {at if at == GIVEN else f'by {at}'}" for s, at in (origin or {}).items() if s in names and sizes]
    each = "one sample of " if sample else ""
    with_ = f" with {', '.join(told)}" if told else ""
    if 0 in shape:
        return (
            f"{each}{tensor.name} has shape {tuple(shape)}, declared as {shape_text(tensor.shape)}{with_}: an axis needs at least "
            f"one entry; give an array that has some"
        )
    layers = [str(one.base) for n in tensor.widths if n is not None for one in n.atoms(Indexed)]
    if layers:
        return (
            f"{each}{tensor.name} has shape {tuple(shape)}, and all layers are taken to be equally wide{with_}: where they are "
            f"not, say how wide each is, --widths {layers[0]}=4,5,3 or widths={{{layers[0]!r}: [4, 5, 3]}}."
        )
    return (
        f"{each}{tensor.name} has shape {tuple(shape)}, but it is declared as {shape_text(tensor.shape)}{with_}: "
        f"reshape the array, or declare it as it is."
    )


def untold(program: Program, symbol: Symbol) -> str:
    """What is said of a size that no array tells."""
    owner = next((t.name for t in program.inputs if any(symbol in n.free_symbols for n in t.shape)), "the network")
    return (
        f"the arrays do not tell the size {symbol} of {owner}; give it: sizes={{{symbol.name!r}: 32}}, "
        f"on the command line --size {symbol}=32"
    )


def sizes_of(program: Program, arrays: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> dict[str, int]:
    """The sizes that arrays have, together with the given ones.

    Raises SizeError where an array is missing, does not fit, or a size is not told.
    """
    for tensor in program.inputs:
        if tensor.name not in arrays and tensor.kind != "constant":
            raise SizeError(f"{tensor.name} is missing: give an array of shape {shape_text(tensor.shape)}")
    solver = Solver(program)
    names = {t.name for t in program.inputs}
    return solver.complete(solver.solve({name: np.shape(a) for name, a in arrays.items() if name in names}, given))


def _propagate(axes: Sequence[tuple[_Axis, int]], found: dict[str, int], origin: dict[str, str]) -> None:
    """Solve every axis with one unknown size for it, as long as that finds anything."""
    waiting = list(axes)
    before = -1
    while len(found) != before:
        before, left = len(found), []
        for axis, n in waiting:
            unknown = axis.symbols - found.keys()
            if len(unknown) != 1:
                left += [(axis, n)] if unknown else []
                continue
            (name,) = unknown
            values = roots(axis.expression, name, n, found)
            if not values:
                raise SizeError(_impossible(axis, name, n, found))
            if len(values) > 1:  # floor(n/2) = 5 holds for two sizes: perhaps another axis tells
                left.append((axis, n))
                continue
            found[name], origin[name] = values[0], axis.tensor.name
        waiting = left


def _impossible(axis: _Axis, name: str, n: int, found: Sizes) -> str:
    at = known(axis.expression, found)
    return (
        f"{axis.tensor.name} is declared as {shape_text(axis.tensor.shape)}, and no whole number {name} from 1 on makes "
        f"{axis.expression} = {n}{f' with {at}' if at else ''}: reshape the array, or declare it as it is"
    )


def draws(program: Program, given: Mapping[str, Any] | None, rng: np.random.Generator) -> Iterator[dict[str, int]]:
    """Small sizes for the free ones, again and again: all different, at least 2, where that can be.

    The steps of a loop are 3, 1, 2 or 5 in turn: no other numbers of them make a loop of another form.

    given   sizes that are settled.
    Raises SizeError where `given` names no size of the program, or no sizes meet the program's conditions.
    """
    from symbackprop.core.loops import steps_of

    fixed = settled(program, given)
    symbols = {str(s) for s in program.sizes()} | {str(s) for c in program.conditions for s in c.free_symbols}
    free = sorted(symbols - set(fixed))
    demands = _demands(program)
    steps, turn = [str(n) for n in steps_of(program) if str(n) in free], int(rng.integers(len(STEPS)))
    met = False
    for attempt in range(ATTEMPTS if free else 1):
        first = 2 if attempt < ATTEMPTS // 2 else 1
        pool = [n for n in range(first, first + min(len(free), 12) + 3 + attempt // 20) if n not in fixed.values()]
        drawn = rng.permutation(pool) if attempt % 4 < 3 else rng.choice(pool, len(pool))
        found = fixed | {name: int(drawn[k % len(drawn)]) for k, name in enumerate(free)}
        found |= {name: STEPS[(turn + attempt + k) % len(STEPS)] for k, name in enumerate(steps)}
        if all(_holds(demand, least, found) for demand, least in demands):
            met = True
            yield found
    if not met:
        unmet = ", ".join(f"{demand} >= {least}" for demand, least in demands if not (demand - least).is_nonnegative)
        at = " with " + ", ".join(f"{name} = {n}" for name, n in fixed.items()) if fixed else ""
        example = ", ".join(f"{name!r}: 8" for name in free)
        raise SizeError(f"no sizes meet {unmet}{at}; give the sizes yourself, such as sizes={{{example}}}")


def draw_sizes(program: Program, given: Mapping[str, Any] | None = None, seed: int = 0) -> dict[str, int]:
    """The first sizes of `draws` from a seed."""
    return next(draws(program, given, np.random.default_rng(seed)))


def _demands(program: Program) -> list[tuple[Expr, int]]:
    """Expressions with the least value that each must have."""
    demands = dict.fromkeys((c, 0) for c in program.conditions)
    for tensor in program.tensors.values():
        demands |= dict.fromkeys((n, 1) for n in tensor.shape if not n.is_Symbol)
        if tensor.bound is not None:
            demands[tensor.bound, 1] = None
    return list(demands)


def _holds(demand: Expr, least: int, at: Sizes) -> bool:
    number = evaluator(demand)(at)
    return number is not None and number == int(number) and number >= least
