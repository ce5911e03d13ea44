"""An update of arrays, entry by entry, recorded from one formula: NumPy runs it in place, C in a single pass.

A formula is a function of arrays and numbers, by + - * / and ** 0.5, that says what some of the arrays become. It is called once
with marks for both; what it does to them is the update.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy import ndarray

Formula = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]
OPERATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any], str]] = {  # of arrays, of numbers, in C
    "add": (np.add, operator.add, "{} + {}"),
    "subtract": (np.subtract, operator.sub, "{} - {}"),
    "multiply": (np.multiply, operator.mul, "{} * {}"),
    "divide": (np.divide, operator.truediv, "{} / {}"),
    "negative": (np.negative, operator.neg, "-{}"),
    "sqrt": (np.sqrt, math.sqrt, "root({})"),
}


class Term:
    """What stands for an array or a number while a formula is recorded, or for what the formula made of them.

    name       of an array or a number that is given; "" of what is made.
    is_array   whether it has entries.
    """

    def __init__(self, record: Record, name: str, is_array: bool, operation: str = "", parts: Sequence[Term | float] = ()) -> None:
        self.name, self.is_array, self.operation, self.parts = name, is_array, operation, tuple(parts)
        self._record, self.number = record, record.next()

    def _made(self, operation: str, *parts: Any) -> Term:
        entries = any(isinstance(p, Term) and p.is_array for p in parts)
        term = Term(self._record, "", entries, operation, parts)
        self._record.terms.append(term)
        return term

    def __add__(self, other: Any) -> Term:
        return self._made("add", self, other)

    def __radd__(self, other: Any) -> Term:
        return self._made("add", other, self)

    def __sub__(self, other: Any) -> Term:
        return self._made("subtract", self, other)

    def __rsub__(self, other: Any) -> Term:
        return self._made("subtract", other, self)

    def __mul__(self, other: Any) -> Term:
        return self._made("multiply", self, other)

    def __rmul__(self, other: Any) -> Term:
        return self._made("multiply", other, self)

    def __truediv__(self, other: Any) -> Term:
        return self._made("divide", self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return self._made("divide", other, self)

    def __neg__(self) -> Term:
        return self._made("negative", self)

    def __pow__(self, exponent: float) -> Term:
        if exponent != 0.5:
            raise TypeError(f"an update knows the power 0.5 alone, not {exponent}: write products")
        return self._made("sqrt", self)


class Record:
    """An update as a list of operations.

    formula   (arrays, numbers) -> what some of the arrays become, by name; both are mappings of names, and what is made of arrays
              and numbers alone is computed in float64.
    arrays    their names, and `numbers` those of the numbers.

    used      the numbers that the formula reads, in the order of `numbers`.
    works     how many further arrays NumPy needs.
    """

    def __init__(self, formula: Formula, arrays: Sequence[str], numbers: Sequence[str]) -> None:
        self.terms: list[Term] = []
        self.next = count().__next__
        given = {name: Term(self, name, True) for name in arrays}
        scalars = {name: Term(self, name, False) for name in numbers}
        self.arrays, self.results = tuple(arrays), dict(formula(given, scalars))
        read = {p for t in self.terms for p in t.parts if isinstance(p, Term)}
        self.used = tuple(name for name in numbers if scalars[name] in read)
        self._given = {**given, **scalars}
        self._places, self.works = self._placed()

    def _placed(self) -> tuple[dict[Term, str | int], int]:
        """Where each array lies: in that of a name, or in a further one by its number."""
        last = {p: k for k, t in enumerate(self.terms) for p in t.parts if isinstance(p, Term)}
        becomes = {term: name for name, term in self.results.items()}
        if becomes.keys() - set(self.terms) or len(becomes) < len(self.results):
            raise TypeError("each array of an update becomes what an operation of its own makes: copy it by * 1")
        places: dict[Term, str | int] = {term: name for name, term in self._given.items()}
        free: list[int] = []
        works = 0
        for k, term in enumerate(self.terms):
            if not term.is_array:
                continue
            done = {p for p in term.parts if isinstance(p, Term) and last[p] == k}
            free += [place for part in done if isinstance(place := places.get(part), int)]
            if (name := becomes.get(term)) is not None:
                if last.get(self._given[name], -1) > k:
                    raise TypeError(f"the update reads {name} after it says what {name} becomes: say that last")
                places[term] = name
            elif free:
                places[term] = free.pop()
            else:
                places[term], works = works, works + 1
        return places, works

    def bound(self, arrays: Mapping[str, ndarray]) -> Callable[[Mapping[str, float]], None]:
        """The update of these arrays in place, as a function of its numbers."""
        like = arrays[self.arrays[0]]
        works = [np.empty_like(like) for _ in range(self.works)]
        at: dict[Any, ndarray] = {t: arrays[p] if isinstance(p, str) else works[p] for t, p in self._places.items() if t.is_array}
        numbers = [t for t in self.terms if not t.is_array]
        made = [(t, OPERATIONS[t.operation][1], t.parts) for t in numbers]
        lines = [(OPERATIONS[t.operation][0], t.parts, at[t]) for t in self.terms if t.is_array]
        for p in {p for _, parts, _ in lines for p in parts if p not in at}:
            at[p] = np.array(0 if isinstance(p, Term) else p, like.dtype)  # arrays meet it sooner than a number of Python
        put = [(p, array) for p, array in at.items() if isinstance(p, Term) and not p.is_array]
        calls = [(ufunc, (*(at[p] for p in parts), out)) for ufunc, parts, out in lines]
        names = [(self._given[name], name) for name in self.used]

        def update(given: Mapping[str, float]) -> None:
            values: dict[Any, float] = {term: given[name] for term, name in names}
            for term, function, parts in made:
                values[term] = function(*[values[p] if isinstance(p, Term) else p for p in parts])
            for term, array in put:
                array[()] = values[term]
            for ufunc, operands in calls:
                ufunc(*operands)

        return update

    def c(self) -> tuple[str, str]:
        """The same in C: what stands before the loop over i, and its body; arrays and numbers are called by their names."""
        names = {term: f"t{term.number}" for term in self.terms} | {self._given[n]: n for n in self.used}
        names |= {term: f"{name}_" for name, term in self._given.items() if term.is_array}
        reals = {p for t in self.terms if t.is_array for p in t.parts if isinstance(p, Term) and not p.is_array}

        def operand(part: Term | float, array: bool) -> str:
            if isinstance(part, Term):
                return f"{names[part]}r" if array and not part.is_array else names[part]
            return f"(real){part!r}" if array else repr(float(part))

        def line(term: Term) -> str:
            text = OPERATIONS[term.operation][2].format(*(operand(p, term.is_array) for p in term.parts))
            if term.is_array:
                return f"const real {names[term]} = {text};"
            return f"const double {names[term]} = {text.replace('root(', 'sqrt(')};"

        before = [line(t) for t in self.terms if not t.is_array]
        before += [f"const real {names[t]}r = (real){names[t]};" for t in sorted(reals, key=lambda t: t.number)]
        body = [f"const real {names[self._given[name]]} = {name}[i];" for name in self.arrays]
        body += [line(t) for t in self.terms if t.is_array]
        body += [f"{name}[i] = {names[term]};" for name, term in self.results.items()]
        return "\n    ".join(before), "\n        ".join(body)
