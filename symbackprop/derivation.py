"""A derivation: a network with its gradient equations, which shows itself in every format once it has passed the check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.program import Equation
from symbackprop.display.index_form import index_equation
from symbackprop.display.matrix_form import matrix_equation
from symbackprop.display.names import Names
from symbackprop.documents.document import Code, Document, Figure
from symbackprop.documents.html import fragment, write_html
from symbackprop.documents.latex import write_latex
from symbackprop.documents.markdown import write_markdown
from symbackprop.documents.steps import closed_forms, report, written_out
from symbackprop.documents.text import write_text
from symbackprop.drawing import draw
from symbackprop.gradients import DerivationError, Derived, as_derived, differentiate
from symbackprop.judge.crosscheck import Check, check
from symbackprop.notation import Network, as_network

WRITERS = {"text": write_text, "markdown": write_markdown, "latex": write_latex, "html": write_html}


ON_A_PAGE = 40  # equations: a larger graph has a page of its own


class CheckFailedError(SymbackpropError):
    """The derived gradients do not agree with the witnesses, so that no report of them is written; the message is the table."""


@dataclass(frozen=True)
class GradientView:
    """One derived gradient: d of / d wrt.

    name    the tensor that holds it, such as dL/dW_1.
    shape   its sizes: those of wrt (after those of `of` for a Jacobian).
    """

    derived: Derived
    wrt: str

    @property
    def name(self) -> str:
        return self.derived.gradient(self.wrt)

    @property
    def shape(self) -> tuple[Any, ...]:
        return self.derived.program.shape(self.name)

    @property
    def equation(self) -> Equation:
        """The last equation of the derivation, the one that writes this gradient."""
        return self.derived.program.equation_of()[self.name]

    def latex(self) -> str:
        """The gradient as one LaTeX equation: in closed form where that is short, else its last equation."""
        names = Names(self.derived.program)
        closed = closed_forms(names, self.derived, written_out(self.derived)).latex(self.name)
        return closed or matrix_equation(names, self.equation) or self.index()

    def index(self) -> str:
        """The gradient's last equation in index notation, as LaTeX."""
        return index_equation(Names(self.derived.program), self.equation)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return str(self.equation)


class _Gradients(dict[str, GradientView]):
    def __missing__(self, name: str) -> GradientView:
        raise DerivationError(f"there is no gradient by {name}; there are those by {', '.join(self)}. For others give wrt")


@dataclass(frozen=True)
class Derivation(Derived):
    """What `derive` returns: the network, its gradient equations with their steps, and the formats.

    gradients   a view of each gradient, by the name of what it is by.
    steps       the backward equations in the order of the sweep, each with its `step`.
    """

    network: Network = field(kw_only=True)

    @cached_property
    def gradients(self) -> Mapping[str, GradientView]:
        return _Gradients((name, GradientView(self, name)) for name in self.wrt)

    @property
    def steps(self) -> tuple[Equation, ...]:
        return self.backward

    def check(self, **options: Any) -> Check:
        """The derived gradients against the tape and against differences; the options are those of `symbackprop.check`."""
        return check(self, **options)

    def document(self, seed: int = 0, sizes: Mapping[str, int] | None = None) -> Document:
        """The report as blocks.

        seed    of the points at which the gradients are checked and the graph is drawn.
        sizes   fixed sizes for these points.

        Raises CheckFailedError where a gradient disagrees with a witness: such a report is never made.
        """
        passed = check(self, seed=seed, sizes=sizes)
        if not passed.ok:
            raise CheckFailedError(f"the derived gradients fail their check, no report is written.\n{passed}")
        return report(
            self,
            title=self.network.title or "",
            source=self.network.source,
            check_table=Code(str(passed), "text"),
            picture=self._picture(seed, sizes),
        )

    def _picture(self, seed: int, sizes: Mapping[str, int] | None) -> Figure | None:
        if len(self.forward.equations) > ON_A_PAGE:
            return None
        caption = "Forward values in green, gradients in red, at a random point."
        return Figure(draw(self, seed=seed, sizes=sizes), caption, f"The computational graph of {self.of}")

    def report(self, format: str = "text", seed: int = 0, sizes: Mapping[str, int] | None = None) -> str:
        """The report in "text", "markdown", "latex" or "html", with the table of the check that it passed."""
        if format not in WRITERS:
            raise SymbackpropError(f'there is no format "{format}"; write one of {", ".join(WRITERS)}')
        return WRITERS[format](self.document(seed, sizes))

    def text(self) -> str:
        return self.report("text")

    def markdown(self) -> str:
        return self.report("markdown")

    def latex(self) -> str:
        return self.report("latex")

    def html(self) -> str:
        return self.report("html")

    def _repr_html_(self) -> str:
        return fragment(self.document())


def derive(net: Any, wrt: Iterable[str] | str | None = None, of: str | None = None) -> Derivation:
    """d loss / d w for every w of `wrt`, by the chain rule, step by step.

    net   a Network, or what `as_network` reads as one: text, a path, a tensor, a SymPy expression. Or a Derivation: its gradients
          are differentiated once more (`of` then names which; a second derivative is a Jacobian of the first).
    wrt   names of parameters, inputs or values, or one string with commas; None: every parameter.
    of    what is differentiated; None: the loss. A tensor with axes gives the Jacobian, of shape of.shape + w.shape.

    Raises SymbackpropError where there is no such name or nothing scalar to differentiate.
    """
    if isinstance(net, Derivation):
        return _again(net, wrt, of)
    network = as_network(net)
    return Derivation(**vars(as_derived(network, wrt, of)), network=network)


def _again(first: Derivation, wrt: Iterable[str] | str | None, of: str | None) -> Derivation:
    candidates = {name: first.gradient(name) for name in first.wrt}
    if of is None and len(candidates) > 1:
        raise DerivationError(
            f"there are {len(candidates)} gradients; say which to differentiate: of={first.wrt[0]!r}, or derive it alone by wrt"
        )
    target = candidates.get(of or first.wrt[0], of or "")
    names = [n.strip() for n in wrt.split(",")] if isinstance(wrt, str) else wrt
    derived = differentiate(first.program, target, names or first.wrt, jacobian=True)
    return Derivation(**vars(derived), network=first.network)
