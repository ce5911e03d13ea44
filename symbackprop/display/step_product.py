r"""What many steps do to a gradient at once: \delta^{(k)} = (\prod_{l=k}^{n-1} M^{(l)}) \delta^{(n)}, step k first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sympy import Expr

from symbackprop.algebra.matrix import Form, Front
from symbackprop.algebra.recursion import StepLine
from symbackprop.algebra.step_product import StepProduct
from symbackprop.core.loops.recursion import AtStep
from symbackprop.core.program import size
from symbackprop.display.box import ShownLine
from symbackprop.display.forms import Printer
from symbackprop.display.names import Names
from symbackprop.display.step_forms import DOTS, Called, StepNames, step_said
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, listed, told
from symbackprop.formulas.tree import Binds, Node

PROD = f.symbol("prod")
_LETTERS = ("k", "j", "m", "q", "p", "r", "a", "b")  # of steps, beside that of the loop


def product_lines(names: Names, called: Called, products: tuple[StepProduct, ...]) -> Iterator[ShownLine]:
    """A line for each product."""
    for each in products:
        yield _line(names, called, each)


def _line(names: Names, called: Called, told_: StepProduct) -> ShownLine:
    at = told_.factor.at
    (carried,) = at.carries
    axis, step = carried.axis, -carried.step  # of the steps, from the one that is meant to the one where the recursion starts
    taken = {*map(str, names.program.sizes()), *names.program.tensors, axis.letter}
    k, j = (size(letter) for letter in [x for x in _LETTERS if x not in taken][:2])
    last = carried.start - step if carried.has_value else carried.start

    def gradient(where: Expr) -> Node:
        own = at.standing[at.target]
        return StepNames(names, at, called).at(_moved(own, axis.letter, where))

    def product(high: Expr) -> Node:
        each = f.within(_printed(names, called, told_.factor, axis.letter, axis.step), Binds.PRODUCT)
        return f.bracket(f.beside(_big(PROD, axis.step, k, high, step), each, binds=Binds.SUM))

    whole = f.juxtapose([product(last), gradient(carried.start)])
    right = [whole] if carried.has_value else []
    if told_.rest is not None:
        part = f.within(_printed(names, called, told_.rest, axis.letter, j), Binds.PRODUCT)
        terms = f.juxtapose([product(j - step), part])
        right.insert(0, f.beside(_big(f.SUM, j, k, last, step), terms, binds=Binds.SUM))
    about = _about(k, [last, axis.origin if step > 0 else axis.last], carried.start)
    role = names.signature(told_.name).role
    if told_.alone and role is not None:
        about = listed([about, told("along {} alone: the others stand in the sum", names.tensor(role.wrt))])
    for sample in dict.fromkeys(told_.samples.values()):
        of_all = f.equation(step_said(sample.step), f.listed([step_said(sample.origin), DOTS, step_said(sample.last)]))
        about = listed([about, told("{}", of_all)])
    return ShownLine(told_.name, f.equation(gradient(k), f.add(right)), (told_.name,), about)


def _about(k: Expr, ends: Sequence[Expr], start: Expr) -> Told:
    """At which steps it holds, and in which order the factors stand."""
    first, last = map(step_said, ends)
    said = f.equation(step_said(k), f.listed([first, DOTS, last]))
    none = f.equation(step_said(k), step_said(start))
    return listed([told("{}", said), told("the factor of step {} stands first, none is left at {}", step_said(k), none)])


def _big(sign: Node, letter: Expr, low: Expr, high: Expr, step: int) -> Node:
    """A sum or a product over steps, in their order: those that fall are listed."""
    begins = f.equation(step_said(letter), step_said(low))
    if step > 0:
        return f.scripted(sign, begins, step_said(high))
    return f.scripted(sign, f.listed([begins, DOTS, step_said(high)]))


def _printed(names: Names, called: Called, line: StepLine, letter: str, where: Expr) -> Node:
    """The form of a line at another step."""
    assert line.line.form is not None
    standing = {key: _moved(own, letter, where) for key, own in line.at.standing.items()}
    return Printer(StepNames(names, replace(line.at, standing=standing), called)).formula(_resized(line.line.form, letter, where))


def _moved(at: AtStep, letter: str, where: Expr) -> AtStep:
    marks, places = (tuple((x, e.subs(size(letter), where) if x == letter else e) for x, e in own) for own in (at.marks, at.places))
    return replace(at, marks=marks, places=places)


def _resized(x: Form, letter: str, where: Expr) -> Form:
    """A form in which the number of the step is another one."""
    given = x.given
    if isinstance(given, Expr):
        given = given.subs(size(letter), where)
    elif isinstance(given, Front):
        tops, bottoms = (tuple(_resized(part, letter, where) for part in own) for own in (given.tops, given.bottoms))
        given = Front(given.coefficient, tops, bottoms)
    return Form(x.op, tuple(_resized(part, letter, where) for part in x.parts), given)
