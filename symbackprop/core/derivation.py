"""A derivation: a network with its gradient equations, as data, and the ways in which a person may ask to see it.

What shows a derivation stands far above equations, so it is handed in: a `Presenter`, by the verb that derives. Everything
between the chain rule and the verbs reads the data alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from sympy import Expr

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.loops import has_loops
from symbackprop.core.network import Network, listed
from symbackprop.core.operand import Operand
from symbackprop.core.program import Equation, Gradient, Program, shape_text
from symbackprop.core.result import Result

Sizes = Mapping[str, int]
Mode = Literal["gradient", "jacobian", "upstream", "vector"]
"""Of a scalar; of a tensor, with its axes in front; times what comes to a tensor from above; times a vector."""


class DerivationError(SymbackpropError):
    """What was asked has no derivative of that kind; the message says why, and what to ask instead."""


class Presenter(Protocol):
    """What shows a derivation to a person."""

    def told(self, derivation: Derivation) -> Derivation:
        """The derivation as a person is told it."""
        ...

    def box(self, derivation: Derivation) -> Any:
        """The gradients as a table of definitions, each line proved."""
        ...

    def latex(self, derivation: Derivation, wrt: str) -> str:
        """The gradient by `wrt` as one LaTeX equation."""
        ...

    def definitions(self, derivation: Derivation, wrt: str) -> tuple[str, ...]:
        """The definitions that the gradient's equation needs, as LaTeX."""
        ...

    def index(self, derivation: Derivation, wrt: str) -> str:
        """The last equation of the gradient by `wrt` in index notation, as LaTeX."""
        ...

    def sympy(self, derivation: Derivation, name: str, whole: bool) -> Any:
        """One entry of a tensor as a SymPy expression in the inputs, or the whole as a SymPy matrix."""
        ...

    def point(self, derivation: Derivation, seed: int, sizes: Sizes | None) -> dict[str, Any]:
        """Numbers for every input."""
        ...

    def tensor(self, derivation: Derivation, wrt: str) -> Any:
        """The gradient by `wrt` as a tensor of the language, to go on with."""
        ...

    def compiled(self, derivation: Derivation) -> Any:
        """The derivation as NumPy functions."""
        ...

    def remarks(self, derivation: Derivation) -> tuple[str, ...]:
        """What a reader must know beside the equations."""
        ...

    def check(self, derivation: Derivation, **options: Any) -> Any:
        """The verdict of the witnesses."""
        ...

    def document(self, derivation: Derivation, seed: int, sizes: Sizes | None, detail: str, lang: str, pictured: bool) -> Any:
        """The report as blocks, once its gradients have passed the check."""
        ...

    def report(self, derivation: Derivation, format: str, **options: Any) -> Any:
        """The report in a format."""
        ...

    def save(self, derivation: Derivation, path: str | os.PathLike[str], **options: Any) -> tuple[str, ...]:
        """The report in a file; the names of all files that were written."""
        ...

    def handout(self, derivation: Derivation, blank: Sequence[str], detail: str, lang: str) -> Any:
        """The report with gaps, and its solution."""
        ...

    def fragment(self, derivation: Derivation) -> str:
        """The report as a piece of a page."""
        ...


@dataclass(frozen=True, repr=False)
class Derivation(Operand, Result):
    """A forward program with its gradient equations.

    forward    the program that is differentiated.
    program    the same followed by the gradient equations; its outputs are the gradients, in the order of `wrt`.
    of         the name of the differentiated tensor (the loss).
    wrt        the names of the tensors that it is differentiated by.
    first      the derivation whose gradient is differentiated once more, or None.
    network    where the forward program came from; None for a program alone.
    presenter  what shows it; None for a derivation that nobody asked to see.
    product    whether the box says what all steps of a loop do to a gradient at once, as a product over them.
    upstream   the input that holds the gradient by `of` of a loss that nobody wrote: each gradient is that loss's, of the shape of
               what it is by. "": none.
    vector     the input along which the one tensor of `wrt` moves: what is derived is the change of `of`, of its shape. "": none.
    update     the name of the learning rate, where the box closes with a step of descent for every parameter; None: it does not.
    """

    forward: Program
    program: Program
    of: str
    wrt: tuple[str, ...]
    first: Derivation | None = None
    network: Network | None = None
    presenter: Presenter | None = field(default=None, compare=False)
    update: str | None = None
    upstream: str = ""
    vector: str = ""
    product: bool = False

    @property
    def backward(self) -> tuple[Equation, ...]:
        """The gradient equations, in the order of the sweep."""
        return self.program.equations[len(self.forward.equations) :]

    def gradient(self, name: str) -> str:
        """The name of the tensor that holds d of / d name, multiplied by `upstream` or `vector` where there is one."""
        return self.role(name).name

    def role(self, name: str) -> Gradient:
        """What the derivative by `name` is."""
        return Gradient(self.of, name, upstream=self.upstream, vector=self.vector)

    @property
    def tensor(self) -> Any:
        """The one gradient as a value of the language, sb.sum(sb.derive(L, "W")**2).

        Raises DerivationError where there are several.
        """
        if len(self.wrt) != 1:
            raise DerivationError(f"there are {len(self.wrt)} gradients; say which: derivation.gradients[{self.wrt[0]!r}]")
        return self.shown_by.tensor(self, self.wrt[0])

    @property
    def mode(self) -> Mode:
        """What kind of derivative it is."""
        if self.vector:
            return "vector"
        return "upstream" if self.upstream else "jacobian" if self.forward.shape(self.of) else "gradient"

    @property
    def is_recursion(self) -> bool:
        """Whether it is the gradient of a loss through loops, which is told at one step."""
        return has_loops(self.program) and self.mode == "gradient" and self.first is None

    @cached_property
    def gradients(self) -> Mapping[str, GradientView]:
        """A view of each gradient, by the name of what it is by."""
        return _Gradients((name, GradientView(self, name)) for name in self.wrt)

    def __getitem__(self, name: str) -> GradientView:
        """The gradient by `name`, `gradients[name]`."""
        return self.gradients[name]

    @property
    def shown_by(self) -> Presenter:
        if self.presenter is None:
            raise DerivationError("nothing shows this derivation: it was made of a program alone; derive the network it belongs to")
        return self.presenter

    @cached_property
    def told(self) -> Derivation:
        """The derivation as a report tells it: what is differentiated once more is a gradient as its box has it."""
        return self.shown_by.told(self)

    def box(self) -> Any:
        """The gradients as a table of definitions: each name is defined before it is used, each line is proved.

        returns a box: `lines` with their formulas, `products` and `updates` where they were asked for, `latex()` and `str()` of
        them all, `missing`: what has no short form, and why.
        """
        return self._box

    @cached_property
    def _box(self) -> Any:
        return self.shown_by.box(self)

    @cached_property
    def _compiled(self) -> Any:
        return self.shown_by.compiled(self)

    def evaluate(self, arrays: Mapping[str, Any] | None = None, /, **named: Any) -> tuple[Any, dict[str, Any]]:
        """The value of what is differentiated, and the gradients by name.

        arrays, named   an array for each input, in a dict or by keyword: evaluate(W=W, x=x). Those of a network with an example
                        may be left out.
        Raises ArgumentError for an array that is missing or does not fit, with what it must be.
        """
        return self._compiled.value_and_grad(self._given(arrays, named))

    def point(self, seed: int = 0, sizes: Sizes | None = None) -> dict[str, Any]:
        """An array for every input: the example of a network that has one, else random numbers, at which there is a value."""
        return self.shown_by.point(self, seed, sizes)

    def _given(self, arrays: Mapping[str, Any] | None, named: Mapping[str, Any]) -> dict[str, Any]:
        example = self.network.example if self.network else {}
        return {**example, **(arrays or {}), **named}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know beside the equations, one paragraph each."""
        return self.shown_by.remarks(self)

    def check(self, **options: Any) -> Any:
        """The derived gradients against the tape and against differences; the options are those of `symbackprop.check`."""
        return self.shown_by.check(self, **options)

    def document(
        self, seed: int = 0, sizes: Sizes | None = None, detail: str = "normal", lang: str = "en", pictured: bool = True
    ) -> Any:
        """The report as blocks.

        seed    of the points at which the gradients are checked and the graph is drawn.
        sizes   fixed sizes for these points.
        detail  "brief": the box and the network; "normal": the backward pass layer by layer as well; "full": equation by equation,
                with every index form.
        lang    the language of its sentences: "en" or "ko". Formulas are the same in every language.
        pictured  whether it holds the computational graph.

        Raises DerivationError for another detail, LanguageError for another language, CheckFailedError where a gradient
        disagrees with a witness: such a report is never made.
        """
        return self.shown_by.document(self, seed, sizes, detail, lang, pictured)

    def report(
        self, format: str = "text", seed: int = 0, sizes: Sizes | None = None, detail: str = "normal", lang: str = "en",
        column: str | None = None,
    ) -> Any:  # fmt: skip
        """The report in "text", "markdown", "latex", "fragment", "html", "notebook", "json" or "pdf" (bytes); see `document`.

        column  of a fragment: how wide the column of the paper is that takes it in, "252pt".
        """
        return self.shown_by.report(self, format, seed=seed, sizes=sizes, detail=detail, lang=lang, column=column)

    def save(
        self, path: str | os.PathLike[str], seed: int = 0, sizes: Sizes | None = None, detail: str = "normal", lang: str = "en",
        format: str | None = None, column: str | None = None,
    ) -> tuple[str, ...]:  # fmt: skip
        """Write the report to a file, in a format, or in that which the suffix of its name asks for; see `document` and `report`.

        Returns the names of the files that were written: a report in Markdown has its picture beside it, report-graph.svg.
        Raises FormatError for a suffix of no format, PdfError where no program makes a PDF here, FileError where the file cannot
        be written; nothing is changed then.
        """
        return self.shown_by.save(self, path, format=format, seed=seed, sizes=sizes, detail=detail, lang=lang, column=column)

    def handout(self, blank: Sequence[str] | str, detail: str = "normal", lang: str = "en") -> Any:
        """The report with a gap in the place of what some gradients come to, for teaching, and its solution.

        blank         gradients, by what they are by or what the box calls them: "delta_1, W_2".
        detail, lang  as for `document`.
        Returns a Handout: `save("handout.html")` writes handout-solution.html as well; `sheet`, `solution` are documents.
        Raises DerivationError for what is no gradient, or has no line of its own in the report.
        """
        names = [name.strip() for name in blank.split(",") if name.strip()] if isinstance(blank, str) else list(blank)
        return self.shown_by.handout(self, names, detail, lang)

    def text(self) -> str:
        return self.report("text")

    def markdown(self) -> str:
        return self.report("markdown")

    def latex(self) -> str:
        return self.report("latex")

    def html(self) -> str:
        return self.report("html")

    def _repr_html_(self) -> str:
        return self.shown_by.fragment(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.box().latex()}$"

    def __str__(self) -> str:
        return str(self.program)

    def __repr__(self) -> str:
        return f"<Derivation of {self.of} by {listed(self.wrt)}: {len(self.backward)} steps>"


@dataclass(frozen=True, repr=False)
class GradientView(Operand, Result):
    """One derived gradient: d of / d wrt.

    name    the tensor that holds it, such as dL/dW_1.
    shape   its sizes: those of wrt (after those of `of` for a Jacobian).
    """

    derivation: Derivation
    wrt: str

    @property
    def tensor(self) -> Any:
        """The gradient as a value of the language: another loss may be made of it, `sb.sum(d.gradients["W"]**2)`."""
        return self.derivation.shown_by.tensor(self.derivation, self.wrt)

    @property
    def name(self) -> str:
        return self.derivation.gradient(self.wrt)

    @property
    def shape(self) -> tuple[Expr, ...]:
        return self.derivation.program.shape(self.name)

    @property
    def equation(self) -> Equation:
        """The last equation of the derivation, the one that writes this gradient."""
        return self.derivation.program.equation_of()[self.name]

    def latex(self) -> str:
        """The gradient as one LaTeX equation: its line in the box; where that has none, its last equation."""
        return self.derivation.shown_by.latex(self.derivation, self.wrt)

    @property
    def definitions(self) -> tuple[str, ...]:
        """The lines of the box that this gradient's line needs, as LaTeX equations in order."""
        return self.derivation.shown_by.definitions(self.derivation, self.wrt)

    def index(self) -> str:
        """The gradient's last equation in index notation, as LaTeX."""
        return self.derivation.shown_by.index(self.derivation, self.wrt)

    def sympy(self, whole: bool = False) -> Any:
        """One entry as a SymPy expression in the inputs, its indices counted from 0: x[j]*Sum(W[k, i]*..., (k, 0, n - 1)).

        whole   every entry instead, as a SymPy matrix whose sums are written out: sizes are numbers, w: parameter[3].

        Raises DerivationError for what SymPy has no formula for, and for what would be too long, with what does it instead.
        """
        return self.derivation.shown_by.sympy(self.derivation, self.name, whole)

    def evaluate(self, arrays: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """The gradient as an array, of the arrays that it reads; arguments and errors are those of `Derivation.evaluate`."""
        given = self.derivation._given(arrays, named)
        return self.derivation._compiled.outputs(given, names=[self.name])[self.name]

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return str(self.equation)

    def __repr__(self) -> str:
        return f"<{self.name} {shape_text(self.shape)}>"


class _Gradients(dict[str, GradientView]):
    def __missing__(self, name: str) -> GradientView:
        raise DerivationError(f"there is no gradient by {name}; there are those by {', '.join(self)}. For others give wrt")

    def __getattr__(self, name: str) -> Any:
        mend = f'; write gradients["{name}"]' if name in self else ""
        raise AttributeError(f"the gradients of a derivation have no attribute {name!r}{mend}")

    def _repr_latex_(self) -> str | None:
        return next(iter(self.values())).derivation._repr_latex_() if self else None
