"""One backward equation as a step of a full report: what is differentiated, the local derivative, the chain rule, the product."""

from __future__ import annotations

from collections.abc import Iterator

from symbackprop.core.derivatives.united import PATTERN
from symbackprop.core.program import Equation, Gradient, Step, letter_sizes
from symbackprop.display.box import ShownBox
from symbackprop.display.equations import equation_formula
from symbackprop.display.index_form import index_equation
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.display.softmax_cases import softmax_quotients
from symbackprop.documents.document import Content, Formulas, Part, StepBlock
from symbackprop.documents.layer_block import Lecture
from symbackprop.documents.layers import Line, path_of
from symbackprop.documents.step_block import chain_sum, letters_of, local_lines, part_local, role_of, told_whole, untied
from symbackprop.formulas import build as f
from symbackprop.formulas.told import Told, listed, told
from symbackprop.formulas.tree import Node, split

_RULES = {
    "seed": Told("Everything begins here: a value changes as fast as itself."),
    "onward": Told("A change is handed on times the local derivative."),
    "count": Told("Entries that tie share the gradient equally, so their number is needed."),
    "function": Told("The slope of a function of a matrix is made of other functions of it."),
    "without": Told("The slope of an entry is made of the others: no quotient is taken, which zeros would spoil."),
    "others": Told("The slope of an entry is made of the others: no quotient is taken, which zeros would spoil."),
}
"""What is said, once, of steps that are no chain rule of their own."""

_SUMS = ("copy", "both")
"""Rules of steps that add what others came to: entry by entry they say the same."""


class EquationBlocks:
    """Tells the backward equations of one derivation, each as a step.

    lecture   the names that they are told in, and what was said before.
    box       the lines that the equations lead to.
    at_steps  whether the network has loops: its equations are then told in the names of the program, not of the box.
    """

    def __init__(self, lecture: Lecture, box: ShownBox | None, at_steps: bool) -> None:
        self.lecture, self.box = lecture, None if at_steps else box
        self.names = lecture.plain if at_steps else lecture.names
        backward = {e.target.name: e for e in lecture.derivation.backward}
        place = {name: k for k, name in enumerate(backward)}
        known = set(box.by_name) & backward.keys() if self.box is not None and box is not None else set[str]()
        self.paths = {name: path_of(backward, place, known, name) for name in known}
        self.said: set[Told] = set()

    def block(self, equation: Equation) -> StepBlock:
        """The step of one equation; a loss is told by all of it."""
        name, equation = equation.target.name, told_whole(self.lecture.plain, equation)
        step = equation.step
        assert step is not None
        product, entries = self._result(equation)
        chain, is_said = self._chain(equation, step, product[0], entries)
        is_whole = bool(entries) or not self.names.signature(name).shape
        shown = tuple(self.lecture.product(name, x) if is_whole else self.lecture.gaps(name, x) for x in product)
        parts = (
            Part(told("Differentiated"), self._forward(step)),
            Part(told("Local derivative"), self._local(equation, step)),
            Part(told("Upstream gradient"), _seed(self.names, equation, step)),
            Part(told("Chain rule"), chain),
            Part(told("Product"), shown, "result"),
            Part(
                told("Product"),
                () if is_said or step.rule in _SUMS else tuple(self.lecture.gaps(name, x) for x in entries),
                "result",
                folded=True,
            ),
            *self._in_the_box(name, (*product, *entries)),
        )
        said = tuple(self._sentences(equation, step, product[0]))
        return StepBlock(
            title=_title(self.names, step),
            parts=tuple(part for part in parts if part.formulas),
            shape=told("{}", self.names.dimensions(name)) if self.names.signature(name).shape else "",
            sentences=(listed(said, " "),) if said else (),
            anchor=name,
        )

    def _forward(self, step: Step) -> Formulas:
        """The equation that is gone through."""
        written = self.lecture.plain.written.get(step.through.name) if step.through and step.rule in ("chain", "onward") else None
        return () if written is None else (equation_formula(self.lecture.plain, written, self.lecture.hidden),)

    def _local(self, equation: Equation, step: Step) -> Formulas:
        """The local derivative; of a softmax by the rule of quotients."""
        if step.pattern == PATTERN and step.through is not None and step.wrt is not None:
            (here,) = set(step.wrt.index) - set(step.through.index)
            return (softmax_quotients(self.lecture.plain, step.wrt, step.through.name, here),)
        part = part_local(self.lecture.plain, equation)
        return (part,) if part is not None else local_lines(self.lecture.plain, equation)[-1:]

    def _result(self, equation: Equation) -> tuple[Formulas, Formulas]:
        """The product, and the same entry by entry where that is another formula."""
        index = index_equation(self.names, equation, self.lecture.hidden)
        if not any(extent != 1 for extent in letter_sizes(self.names.program, equation).values()):
            return (index,), ()
        matrix = matrix_equation(self.names, equation, self.lecture.hidden)
        return ((index,), ()) if matrix is None else ((matrix,), (index,))

    def _chain(self, equation: Equation, step: Step, product: Node, entries: Formulas) -> tuple[Formulas, bool]:
        """The chain rule, in letters and with what stands for them, and whether the product stands there entry by entry."""
        name, rule = equation.target.name, chain_sum(self.names, equation, step, untied(self.names, equation, step))
        if step.rule == "chain" and step.upstream is None:
            return rule, True  # where nothing comes from above the local derivative says it
        rows = [row.formula for row in self.lecture.chain(Line(name, product, (equation,)))] if step.rule == "chain" else []
        said = rows[0] if len(rows) == 1 else entries[0] if entries else product
        right = split(said)[1]
        if len(rule) != 1 or self.lecture.gaps(name, said) != said or right is None or said == product:
            return rule, False
        return (f.beside(rule[0], right),), True

    def _in_the_box(self, name: str, product: Formulas) -> tuple[Part, ...]:
        """The line of the box that the step comes to, where it puts further steps together, and how."""
        line = self.box.by_name.get(name) if self.box is not None else None
        said = {split(x)[1] for x in product}
        if line is None or split(line.formula)[1] in said:
            return ()
        whole = Line(name, line.formula, self.paths[name])
        rows = [self.lecture.gaps(name, row.formula) for row in self.lecture.chain(whole) if split(row.formula)[1] not in said]
        return (
            Part(told("Put together"), tuple(rows) if len(rows) == 1 else (), folded=True),  # several are those of the steps before
            Part(told("Collected"), tuple(self.lecture.collected([whole]).values())),
            Part(told("In the box"), (self.lecture.product(name, line.formula),), "result"),
        )

    def _sentences(self, equation: Equation, step: Step, product: Node) -> Iterator[Told]:
        """What there is to say of an equation, and of the line of the box that it ends, each once on a page."""
        name = equation.target.name
        if step.rule in _RULES:
            said = _RULES[step.rule]
            if said not in self.said:
                self.said.add(said)
                yield said
            return
        reasons = self.lecture.reasons
        yield from reasons.of([Line(name, product, (equation,))])
        line = self.box.by_name.get(name) if self.box is not None else None
        if line is not None and len(self.paths[name]) > 1:
            yield from reasons.recognised(Line(name, line.formula, self.paths[name]))


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


def _seed(names: Names, equation: Equation, step: Step) -> Formulas:
    """Where the sweep of a Jacobian begins, an identity; of a loss the opening says that it is 1."""
    of = role_of(names, equation).of if step.rule == "chain" else ""
    if step.through is None or step.upstream is not None or step.pattern == PATTERN or not of or not names.signature(of).rank:
        return ()
    lead = equation.target.index[: names.signature(of).rank]
    letters = letters_of(names, equation.target) | letters_of(names, step.through)
    pairs = [(letters[a], letters[b]) for a, b in zip(lead, step.through.index, strict=True)]
    ties = [f.indicator(f.equation(a, b)) for a, b in pairs if a and b]
    left = names.derivative(Gradient(of, of), [*[a for a, _ in pairs], *[b for _, b in pairs]], local=True)
    return (f.equation(left, f.juxtapose(ties)),)


def is_shown(equation: Equation) -> bool:
    """Whether a backward equation has a step of its own; the factors but one are written into their product."""
    return equation.step is None or equation.step.rule != "without"
