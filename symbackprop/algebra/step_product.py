r"""What many steps do to a gradient at once: \delta(k) = M(k) M(k+1) ... M(n-1) \delta(n), the recursion written out.

A line \delta(l) = M(l) \delta(l+1) + r(l) is linear in what comes from the next step; its factor M is a matrix of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr

from symbackprop.algebra.lines import Line
from symbackprop.algebra.matrix import Form, Front, leaves, number, scaled
from symbackprop.algebra.matrix_product import product
from symbackprop.algebra.recursion import StepBox, StepLine, line_at, reads
from symbackprop.core.loops.recursion import Recursion
from symbackprop.core.loops.step_axes import Axis, Place, sample_axes
from symbackprop.core.program import Program

SEVERAL = "several values are carried at once, and what comes back to one goes through the others"
BOTH_SIDES = "a step acts on it from both sides"
_SAMPLES = ("n", "i", "s", "j", "p", "q")  # letters of a sample


class NotLinearError(Exception):
    """A line that is no matrix times what comes from the next step, and a rest."""


@dataclass(frozen=True)
class StepProduct:
    """A gradient by all steps after it.

    factor   M, as a line; rest: r, as a line, or None where it is 0.
    samples  the axis of samples, where it is told for one of them, of every tensor that has it.
    alone    whether others come back to it as well, in the rest.
    """

    factor: StepLine
    rest: StepLine | None
    samples: Mapping[Place, Axis] = field(default_factory=dict)
    alone: bool = False

    @property
    def name(self) -> str:
        return self.factor.name

    @property
    def is_handed_on(self) -> bool:
        """Whether a step leaves it as it is."""
        return self.factor.line.form is not None and (self.factor.line.form == number(1) or self.factor.line.form.op == "identity")


@dataclass(frozen=True)
class StepProducts:
    """The products, and what has none: the gradient -> why."""

    found: tuple[StepProduct, ...]
    missing: Mapping[str, str]


def step_products(program: Program, box: StepBox) -> StepProducts:
    """A product for each loop of a box: of the first gradient there that comes from itself one step on.

    Where several come from one another, of each that comes from itself as well, along it alone: what the others bring is its rest.
    """
    recursion, read = Recursion(program), {}
    for line in box.lines:
        read.setdefault(line.name, set()).update(reads([line]))
    found: dict[frozenset[str], StepProduct] = {}
    missing: dict[frozenset[str], tuple[str, str]] = {}
    for name in dict.fromkeys(line.name for line in box.lines):
        circle = frozenset(n for n in _reached(read, name) if name in _reached(read, n))
        if not circle or circle in found:
            continue
        try:
            found[circle] = _of_sample(recursion, name, frozenset(read) - circle)
            missing.pop(circle, None)
        except NotLinearError as fault:
            missing.setdefault(circle, (name, str(fault)))
    alone = [each for circle, (_, why) in missing.items() if why == SEVERAL
             for each in _alone(recursion, [n for n in read if n in circle], frozenset(read))]  # fmt: skip
    for each in alone:
        missing = {circle: told for circle, told in missing.items() if told[0] != each.name}
    kept = [each for each in found.values() if each.rest is not None or not each.is_handed_on]
    return StepProducts((*kept, *alone), dict(missing.values()))


def _alone(recursion: Recursion, names: Sequence[str], lets: frozenset[str]) -> Iterator[StepProduct]:
    """What many steps do to a gradient along itself, of those that come from one another."""
    for name in names:
        try:
            found = _product(recursion, name, lets - {name})
        except NotLinearError:
            continue
        if not found.is_handed_on:
            yield replace(found, alone=True)


def _reached(read: Mapping[str, set[str]], name: str) -> set[str]:
    """The gradients with lines that a line is made of, step after step."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = (read.get(waiting.pop(), set()) & read.keys()) - found
        found |= new
        waiting += new
    return found


def _of_sample(recursion: Recursion, name: str, lets: frozenset[str]) -> StepProduct:
    """What many steps do to a gradient; where it has rows that know nothing of one another, to one of them."""
    try:
        return _product(recursion, name, lets)
    except NotLinearError as fault:
        program = recursion.program
        places = [k for k in range(len(program.shape(name))) if (name, k) not in recursion.axes]
        taken = {*map(str, program.sizes()), *program.tensors, *(axis.letter for axis in recursion.axes.values())}
        letter = next((c for c in _SAMPLES if c not in taken), None)
        if str(fault) != BOTH_SIDES or len(places) != 2 or letter is None:
            raise
        samples = sample_axes(program, (name, places[0]), letter)
        if (name, places[1]) in samples:
            raise
        return replace(_product(Recursion(program, samples), name, lets), samples=samples)


def _product(recursion: Recursion, name: str, lets: frozenset[str]) -> StepProduct:
    line = line_at(recursion, name, lets)
    if isinstance(line, str) or line.line.form is None or line.rest is not None:
        raise NotLinearError(SEVERAL)
    own = [key for key in line.line.tensors if line.at.standing[key].name == name]
    if len(own) != 1 or len(line.at.carries) != 1:
        raise NotLinearError(SEVERAL)
    shape = [n for n in line.at.program.shape(line.at.target) if n != 1]
    factor, rest = _Linear(own[0], shape).split(line.line.form)
    return StepProduct(_as_line(line, factor), None if rest is None else _as_line(line, rest))


def _as_line(line: StepLine, form: Form) -> StepLine:
    read = frozenset(leaf.name for leaf in leaves(form))
    kept: Line = replace(line.line, form=form, tensors=line.line.tensors & read)  # type: ignore[operator]  # lines read no views
    return replace(line, line=kept)


class _Linear:
    """Takes a form apart: a matrix times one leaf, and the rest without it."""

    def __init__(self, key: str, shape: list[Expr]) -> None:
        self.key, self.shape = key, shape

    def split(self, x: Form) -> tuple[Form, Form | None]:
        """The matrix and the rest."""
        factors, rest = self._apart(x)
        if factors is None:
            raise NotLinearError(BOTH_SIDES)
        return self._matrix(factors), rest

    def _matrix(self, factors: list[Form]) -> Form:
        return product(factors) if factors else Form("identity", (), self.shape[0]) if self.shape else number(1)

    def _holds(self, x: Form) -> bool:
        return any(leaf.name == self.key for leaf in leaves(x))

    def _apart(self, x: Form) -> tuple[list[Form] | None, Form | None]:
        """The matrices that act on the leaf, None where it is not there; and the rest."""
        if not self._holds(x):
            return None, x
        match x.op:
            case "leaf":
                return [], None
            case "sum":
                return self._sum(x)
            case "scaled":
                return self._scaled(x)
            case "product":
                *before, last = x.parts
                if any(map(self._holds, before)):
                    return self._of_scalars(x)
                return self._acted(before, last, lambda rest: product([*before, rest]))
            case "hadamard":
                held = [part for part in x.parts if self._holds(part)]
                others = [part for part in x.parts if not self._holds(part)]
                if len(held) > 1 or len(self.shape) > 1:
                    raise NotLinearError(BOTH_SIDES)
                slope = others[0] if len(others) == 1 else Form("hadamard", tuple(others))
                before = [Form("diag", (slope,)) if self.shape else slope]
                return self._acted(before, held[0], lambda rest: Form("hadamard", (*others, rest)))
        raise NotLinearError(BOTH_SIDES)

    def _acted(self, before: list[Form], inner: Form, over_rest: Callable[[Form], Form]) -> tuple[list[Form] | None, Form | None]:
        factors, rest = self._apart(inner)
        assert factors is not None
        return [*before, *factors], None if rest is None else over_rest(rest)

    def _of_scalars(self, x: Form) -> tuple[list[Form] | None, Form | None]:
        """A product of numbers, in any order."""
        held = [part for part in x.parts if self._holds(part)]
        if self.shape or len(held) > 1:
            raise NotLinearError(BOTH_SIDES)
        others = [part for part in x.parts if not self._holds(part)]
        return self._acted(others, held[0], lambda rest: product([*others, rest]))

    def _sum(self, x: Form) -> tuple[list[Form] | None, Form | None]:
        parts = [self._apart(part) for part in x.parts]
        matrices = [self._matrix(factors) for factors, _ in parts if factors is not None]
        matrices.sort(key=lambda matrix: matrix.op != "identity")  # 1 + ...: what a step adds to
        rests = [rest for _, rest in parts if rest is not None]
        rest = None if not rests else rests[0] if len(rests) == 1 else Form("sum", tuple(rests))
        return [matrices[0] if len(matrices) == 1 else Form("sum", tuple(matrices))], rest

    def _scaled(self, x: Form) -> tuple[list[Form] | None, Form | None]:
        front: Front = x.given
        body = x.parts[0] if x.parts else None
        held = [top for top in front.tops if self._holds(top)]
        if any(map(self._holds, front.bottoms)) or len(held) + (body is not None and self._holds(body)) != 1:
            raise NotLinearError(BOTH_SIDES)
        if held:  # a number that multiplies a number
            if self.shape:
                raise NotLinearError(BOTH_SIDES)
            left = replace(front, tops=tuple(top for top in front.tops if top is not held[0]))
            return self._acted([scaled(left, body)], held[0], lambda rest: scaled(replace(left, tops=(*left.tops, rest)), body))
        assert body is not None
        factors, rest = self._apart(body)
        assert factors is not None
        return [scaled(front, self._matrix(factors))], None if rest is None else scaled(front, rest)
