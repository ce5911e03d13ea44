"""One backward equation as a step: the chain rule as a sentence, the local derivative, what comes from above, their product."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import S

from symbackprop.core.letters import fresh
from symbackprop.core.program import Equation, Gradient, Ref, Step, letter_sizes
from symbackprop.core.through import whole
from symbackprop.core.united import PATTERN
from symbackprop.display.body import scalar
from symbackprop.display.decimals import number_formula
from symbackprop.display.index_form import entry, equation_letters, index_equation
from symbackprop.display.local_form import local_formula, local_list
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.display.softmax_cases import softmax_cases
from symbackprop.documents.document import Content, Formulas, Part, StepBlock
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, letter
from symbackprop.formulas.told import Told, several, told
from symbackprop.formulas.tree import Atom, Binds, Fraction, Node, binds, items_of, kind_of, walk

PATTERNS = {
    "multiply": Told("Multiplication swaps its inputs: each factor receives the gradient from above times the other factors."),
    "scale": Told("A constant factor scales the gradient as it scaled the value."),
    "max": Told("A maximum routes the gradient to the entry that won; the others receive zero."),
    "map": Told("A function multiplies the gradient by its slope."),
    "product": Told("Each factor of a product receives the gradient from above times the other factor."),
    "sum": Told("A sum hands the gradient to every entry that it added."),
    PATTERN: Told("Every entry of a softmax depends on every entry of what it is taken of: what comes to them is summed."),
    "along": Told("What comes back through a primary function f is its derivative at the transpose, along the gradient from above: "
                  "the adjoint of L_f(X, E) is L_f(X^T, G)."),
    "repeat": Told("A repeated value collects the gradients of all its copies."),
    "select": Told("Selecting routes the gradient back to the entries that were read: one that was read more often collects more, "
                   "one that was not read receives zero."),
    "copy": Told("The value is used in several places. Its gradients add, because a small change of it acts along every path at "
                 "once."),
}  # fmt: skip
_ADD = {
    S.One: Told("Addition distributes: each term receives the gradient from above unchanged."),
    S.NegativeOne: Told("Subtraction distributes the gradient with the sign turned."),
}
_SCALED = Told("Addition distributes: each term receives the gradient from above times its own coefficient.")


def step_block(
    names: Names, equation: Equation, inline: Collection[str], values: Mapping[str, Any], gaps: Callable[[str, Node], Node]
) -> StepBlock:
    """The block of one backward equation.

    names    the names of the program that holds it.
    inline   values that the report does not show by name.
    values   numbers to show beside the equations of scalars.
    gaps     what is shown of the equation of a gradient, by its name.
    """
    assert equation.step is not None
    equation = told_whole(names, equation)
    step = equation.step
    assert step is not None
    product, entries = (
        tuple(gaps(equation.target.name, shown) for shown in part) for part in _result(names, equation, inline, values)
    )
    parts = (
        Part(told("Chain rule"), chain_sum(names, equation, step)),
        Part(told("Local derivative"), local_lines(names, equation)),
        Part(told("Upstream gradient"), _upstream(names, equation, step)),
        Part(told("Product"), product, "result"),
        Part(told("Product"), entries, "result", folded=True),
    )
    return StepBlock(
        title=_title(names, step),
        parts=tuple(part for part in parts if part.formulas),
        shape=told("{}", names.dimensions(equation.target.name)) if names.signature(equation.target.name).shape else "",
        sentences=(_pattern(names, equation, step),),
        anchor=equation.target.name,
    )


def _title(names: Names, step: Step) -> Content:
    through = names.tensor(step.through.name) if step.through else ""
    wrt = names.tensor(step.wrt.name) if step.wrt else ""
    match step.rule:
        case "copy":
            return told("The uses of {} add", wrt)
        case "seed":
            return told("The start, {}", wrt)
        case "zero":
            return told("Nothing comes to {}", wrt)
        case "onward":
            return told("From {} on to {}", wrt, through)
        case "both":
            return told("The changes that come to {} add", through)
        case "count":
            return told("How many entries tie for {}", through)
        case "function":
            return told("What the slope of {} is made of", through)
        case "without" | "others":
            return told("What {} is without each of its entries", through)
    return told("From {} back to {}", through, wrt)


def _letters(names: Names, *refs: Ref) -> dict[str, Letter]:
    """How the letters of some operands are written."""
    pairs = [pair for r in refs for pair in zip(r.index, names.signature(r.name).shape, strict=True)]
    return {c: None if extent == 1 else letter(c) for c, extent in pairs}


def chain_sum(names: Names, equation: Equation, step: Step) -> Formulas:
    """dL/dz = dL/da da/dz, summed over the letters of a that z lacks."""
    through, wrt = step.through, step.wrt
    if step.rule == "onward" and through is not None and wrt is not None:
        return (_onward(names, equation, step.upstream, through, wrt),)
    if step.rule != "chain" or through is None or wrt is None or step.upstream is None:
        return ()
    of = _of(names, equation)
    letters = _letters(names, through, wrt, step.upstream, equation.target)
    lead = [letters[c] for c in equation.target.index[: names.signature(of).rank]]
    lead = lead if not _role(names, equation).upstream else []
    above = names.derivative(
        replace(_role(names, equation), wrt=through.name, via=None, nth=0), [*lead, *[letters[c] for c in through.index]]
    )
    product = f.juxtapose([above, _local_left(names, through, wrt, letters)])
    over = [shown for c in through.index if c not in wrt.index and (shown := letters[c]) is not None]
    right = f.over_letters(f.SUM, over, product) if over else product
    return (f.equation(entry(names, equation.target, letters), right),)


def _onward(names: Names, equation: Equation, moved: Ref | None, through: Ref, wrt: Ref) -> Node:
    """The change of z is dz/dx times that of x, summed over the letters of x that z lacks; None: x changes by 1."""
    letters = _letters(names, through, wrt, *([moved] if moved else []), equation.target)
    change = [entry(names, moved, letters)] if moved else []
    product = f.juxtapose([_local_left(names, through, wrt, letters), *change])
    over = [shown for c in wrt.index if c not in through.index and (shown := letters[c]) is not None]
    right = f.over_letters(f.SUM, over, product) if over else product
    return f.equation(entry(names, equation.target, letters), right)


def _role(names: Names, equation: Equation) -> Gradient:
    role = names.signature(equation.target.name).role
    assert role is not None
    return role


def _of(names: Names, equation: Equation) -> str:
    return _role(names, equation).of


def _local_left(names: Names, through: Ref, wrt: Ref, letters: Mapping[str, Letter]) -> Node:
    return names.derivative(Gradient(through.name, wrt.name), [letters[c] for c in (*through.index, *wrt.index)], local=True)


def told_whole(names: Names, equation: Equation) -> Equation:
    """An equation whose step goes through a loss is told by all of the loss."""
    step = equation.step
    is_through = step is not None and step.rule == "chain" and step.through is not None and step.wrt is not None
    return whole(names.program, equation) if is_through else equation


def local_lines(names: Names, equation: Equation, inline: Collection[str] = ()) -> Formulas:
    """The local derivative; for a product with tied letters also for all pairs of entries: dz[k]/dW[i j] = 1[k = i] x[j]."""
    equation = told_whole(names, equation)
    step = equation.step
    assert step is not None
    through, wrt = step.through, step.wrt
    if step.local is None or through is None or wrt is None:
        return ()
    if step.pattern == PATTERN:
        (here,) = set(wrt.index) - set(through.index)
        return (softmax_cases(names, wrt, through.name, here),)
    letters, listed = step_letters(names, equation, step), local_list(names, equation, inline)
    if listed is not None:
        return (f.equation(names.derivative(Gradient(through.name, wrt.name), (), local=True), listed),)
    shown = f.equation(_local_left(names, through, wrt, letters), local_formula(names, equation, letters, inline))
    apart = untied(names, equation, step, inline)
    return (shown,) if apart is None else (shown, apart.formula)


@dataclass(frozen=True)
class Untied:
    """A product's local derivative for all pairs of entries: by 1[k = i] it is zero but where their common letters agree.

    through   what is differentiated, with letters of its own.
    new       its new letters by the letters that they are equal to.
    letters   how they are written.
    right     the local derivative.
    formula   the whole equation.
    """

    through: Ref
    new: Mapping[str, str]
    letters: Mapping[str, Letter]
    right: Node
    formula: Node


def untied(names: Names, equation: Equation, step: Step, inline: Collection[str] = ()) -> Untied | None:
    """That of a step; None where it says nothing new: the letters that samples share, what is no product."""
    through, wrt = step.through, step.wrt
    if step.rule != "chain" or step.pattern != "product" or through is None or wrt is None or step.upstream is None:
        return None
    letters = step_letters(names, equation, step)
    same_letters = [c for c in through.index if c in wrt.index and letters[c]]
    if not same_letters or names.signature(wrt.name).kind == "value":
        return None
    slope = local_formula(names, equation, letters, inline)
    summed = {part.text for part in walk(slope) if isinstance(part, Atom)}  # letters of sums that are written out in it
    new = dict(zip(same_letters, fresh(len(same_letters), {*letters, *summed}, names=names.words), strict=True))
    moved = Ref(through.name, tuple(new.get(c, c) for c in through.index))
    letters |= {c: letter(c) for c in new.values()}
    same = [f.indicator(f.equation(letter(new[c]), letter(c))) for c in same_letters]
    right = tied(same, slope)
    return Untied(moved, new, letters, right, f.equation(_local_left(names, moved, wrt, letters), right))


def tied(same: Sequence[Node], slope: Node) -> Node:
    """A slope where some letters are equal: -2 1[i = l] x_j, its sign and its number in front."""
    if not same:
        return slope
    minus, *rest = items_of(slope)
    is_minus = minus == f.MINUS and not {f.PLUS, f.MINUS} & {*rest}
    size = f.beside(*rest, binds=Binds.PRODUCT) if is_minus else slope
    factor, *rest = items_of(size) if binds(size) > Binds.SUM else [size]
    if factor != f.ONE and (isinstance(factor, Fraction) or kind_of(factor) == "number"):
        same, size = [factor, *same], f.beside(*rest, binds=Binds.PRODUCT) if rest else f.ONE
    product = f.juxtapose(same if size == f.ONE else [*same, f.within(size, Binds.PRODUCT)])
    return f.negative(product) if is_minus else product


def step_letters(names: Names, equation: Equation, step: Step) -> dict[str, Letter]:
    """How the letters of a step are written."""
    refs = [ref for ref in (step.through, step.wrt, *step.local_operands) if ref is not None]
    return equation_letters(names, equation) | _letters(names, *refs)


def _upstream(names: Names, equation: Equation, step: Step) -> Formulas:
    """What comes from above where the sweep begins; after that the chain rule names it."""
    if step.rule != "chain" or step.upstream is not None:
        return ()
    of = _of(names, equation)
    if not names.signature(of).rank:
        return (f.equation(names.derivative(Gradient(of, of), []), f.ONE),)
    assert step.through is not None
    lead = equation.target.index[: names.signature(of).rank]
    letters = _letters(names, equation.target) | _letters(names, step.through)
    pairs = [(letters[a], letters[b]) for a, b in zip(lead, step.through.index, strict=True)]
    ties = [f.indicator(f.equation(a, b)) for a, b in pairs if a and b]
    left = names.derivative(Gradient(of, of), [*[a for a, _ in pairs], *[b for _, b in pairs]], local=True)
    return (f.equation(left, f.juxtapose(ties)),)


def _result(
    names: Names, equation: Equation, inline: Collection[str], values: Mapping[str, Any]
) -> tuple[Formulas, Formulas]:  # fmt: skip
    """The product, and the same entry by entry where that is another formula."""
    index = index_equation(names, equation, inline)
    if not any(extent != 1 for extent in letter_sizes(names.program, equation).values()):
        return (with_value(names, equation.target.name, index, values),), ()
    matrix = matrix_equation(names, equation, inline)
    return ((index,), ()) if matrix is None else ((matrix,), (index,))


def with_value(names: Names, name: str, equation: Node, values: Mapping[str, Any]) -> Node:
    """The equation of a scalar with its number at the end, such as = -12, where it is given."""
    if name not in values or names.signature(name).shape:
        return equation
    return f.equation(equation, number_formula(float(values[name])))


def _pattern(names: Names, equation: Equation, step: Step) -> Told:
    match step.rule:
        case "seed":
            return told("Everything begins here: a value changes as fast as itself.")
        case "zero":
            return told("No slope leads from one to the other: the derivative is zero.")
        case "onward":
            return told("A change is handed on times the local derivative.")
        case "both":
            return told("Each operand changes the value by its own part; to first order the parts add.")
        case "count":
            return told("Entries that tie share the gradient equally, so their number is needed.")
        case "function":
            return told("The slope of a function of a matrix is made of other functions of it.")
        case "without" | "others":
            return told("The slope of an entry is made of the others: no quotient is taken, which zeros would spoil.")
    over = [letter(c) for c, extent in equation.op.over if extent != 1]
    letters = several(over) if over else None
    if step.pattern == "product" and letters:
        return told(
            "Each factor of a product receives the gradient from above times the other factor, summed over {}, which it does "
            "not have "
            "itself.", letters,
        )  # fmt: skip
    if step.pattern == "map" and equation.target.index:
        said = told("A function multiplies the gradient by its slope, entry by entry.")
    elif step.pattern == "add" and step.local is not None:
        said = _ADD.get(step.local.body, _SCALED)
    elif step.pattern == "sum" and step.local is not None and step.local.body != 1:
        said = told("A sum hands the gradient to every entry that it added, here times {}.", scalar(step.local.body))
    else:
        said = PATTERNS.get(step.pattern, Told())
    if letters and step.pattern in ("add", "multiply", "map"):
        served = told("The same entry served every {}, so the gradients are summed: broadcasting, on its way back.", letters)
        return told("{} {}", said, served)
    return said
