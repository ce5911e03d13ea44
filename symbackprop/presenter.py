"""How a derivation shows itself: it is checked, drawn at a point, written in a format. The verbs hand this in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from symbackprop.core.choices import DETAILS, EDGES, VALUES, mend
from symbackprop.core.derivation import Derivation, DerivationError, Sizes
from symbackprop.core.differentiate import differentiate
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import require_writable, write_together
from symbackprop.core.network import Network

if TYPE_CHECKING:
    from symbackprop.display.counted import Counted
    from symbackprop.documents.formats import Format
    from symbackprop.formulas.tree import Node as Formula
    from symbackprop.pictures.picture import Page, Picture

LARGEST = 300  # equations: a larger graph is no picture that helps anyone


class CheckFailedError(SymbackpropError):
    """The derived gradients do not agree with the witnesses, so that no report of them is written; the message is the table."""


def has_numbers() -> bool:
    """Whether NumPy is here, which computes what proves and checks; Python in a browser may be without it."""
    try:
        return find_spec("numpy") is not None
    except ImportError:
        return False


class Presenter:
    """Shows a derivation by what is above equations. What shows it is imported when it is asked for."""

    def told(self, derivation: Derivation) -> Derivation:
        """The derivation as a person is told it: one of a gradient begins with what that comes to, not with the steps to it."""
        if derivation.first is None or not has_numbers():
            return derivation
        from symbackprop.judge.proofs.closed import closed

        return closed(derivation)

    def box(self, derivation: Derivation) -> Any:
        """The gradients as a table of definitions, each line proved; where there is no NumPy it says that none is."""
        from symbackprop.documents.within import with_formulas

        shown, counted = _lines(derivation), self._counted(derivation)
        counted.hear(*(line.formula for line in shown.whole))
        parts = {part: with_formulas(getattr(shown, part), counted) for part in ("lines", "updates", "products")}
        return replace(shown, **parts)

    def _counted(self, derivation: Derivation) -> Counted:
        """How values that nobody named are counted: first those that the lines of gradients read, which a report always shows."""
        from symbackprop.display.counted import Counted
        from symbackprop.display.names import Names

        derivation = derivation.told
        counted, values = Counted(Names(derivation.program)), derivation.forward.equation_of()
        for line in _lines(derivation).lines:
            if line.name not in values:
                counted.hear(line.formula)
        return counted

    def _said(self, derivation: Derivation, formula: Any) -> Any:
        """A formula in which values that nobody named are counted as a report does; no box is searched where there are none."""
        from symbackprop.display.counted import Counted
        from symbackprop.display.names import Names

        concerns = Counted(Names(derivation.told.program)).concerns(formula)
        return self._counted(derivation)(formula) if concerns else formula

    def latex(self, derivation: Derivation, wrt: str) -> str:
        """The gradient by `wrt` as one LaTeX equation: its line in the box; where that has none, its last equation."""
        from symbackprop.display.box import ShownLine
        from symbackprop.display.equations import equation_formula
        from symbackprop.display.names import Names

        derivation = derivation.told
        names, name = Names(derivation.program), derivation.gradient(wrt)
        line = derivation.box().by_name.get(name)
        return (line or ShownLine(name, self._said(derivation, equation_formula(names, names.written[name])), ())).latex()

    def definitions(self, derivation: Derivation, wrt: str) -> tuple[str, ...]:
        """The lines of the box that the gradient's line needs, as LaTeX equations in order."""
        box, name = derivation.box(), derivation.gradient(wrt)
        return tuple(line.latex() for line in box.definitions(name)) if name in box.by_name else ()

    def require_rate(self, derivation: Derivation) -> None:
        """See that the learning rate has a letter of its own, and something to update. Raises DerivationError, with the mend."""
        from symbackprop.display.update import require_rate

        require_rate(derivation)

    def index(self, derivation: Derivation, wrt: str) -> str:
        """The last equation of the gradient by `wrt` in index notation, as LaTeX."""
        from symbackprop.display.box import ShownLine
        from symbackprop.display.index_form import index_equation
        from symbackprop.display.names import Names

        derivation = derivation.told
        names, name = Names(derivation.program), derivation.gradient(wrt)
        return ShownLine(name, self._said(derivation, index_equation(names, names.written[name])), ()).latex()

    def sympy(self, derivation: Derivation, name: str, whole: bool) -> Any:
        """One entry of a tensor as a SymPy expression in the inputs, or the whole as a SymPy matrix."""
        from symbackprop.display.sympy_form import sympy_form

        return sympy_form(derivation.program, name, whole)

    def point(self, derivation: Derivation, seed: int, sizes: Sizes | None) -> dict[str, Any]:
        """Numbers for every input: the example of a network, else random ones."""
        from symbackprop.evaluate.domains import defined

        own = derivation.network.point if derivation.network and sizes is None else None
        return dict(own if own is not None else defined(derivation.forward, sizes, seed)[1])

    def tensor(self, derivation: Derivation, wrt: str) -> Any:
        """The gradient by `wrt` as a tensor of the language. Raises DerivationError for the gradient of a product."""
        from symbackprop.language import derivatives
        from symbackprop.language.lower.nodes import ordered

        network = derivation.network
        known = {} if network is None else {t.name: t for t in ordered(network.outputs.values())}
        of, by = known.get(derivation.of), known.get(wrt)
        if of is None or by is None or derivation.mode not in ("gradient", "jacobian"):
            raise DerivationError(f"the derivative by {wrt} is no value here; write grad(L, {wrt}) in the network")
        return derivatives.jacobian(of, by) if derivation.mode == "jacobian" else derivatives.grad(of, by)

    def compiled(self, derivation: Derivation) -> Any:
        """The derivation as NumPy functions."""
        from symbackprop.backends.function import compile

        return compile(derivation)

    def network(self, network: Network) -> str | None:
        """The equations of a network, with what is given, as a piece of a page; None where nothing of it can be derived."""
        from symbackprop.documents.formats.html import Fragment

        document = _network(network)
        return document and Fragment.write(document)

    def network_latex(self, network: Network) -> str | None:
        """The equations of a network as LaTeX, aligned; None where nothing of it can be derived."""
        from symbackprop.documents.document import FormulaRows
        from symbackprop.formulas.latex import aligned

        document = _network(network)
        blocks = document.blocks if document else ()
        return aligned(row.formula for block in blocks if isinstance(block, FormulaRows) for row in block.rows) if blocks else None

    def remarks(self, derivation: Derivation) -> tuple[str, ...]:
        """What a reader must know beside the equations, one paragraph each."""
        from symbackprop.display.remarks import remarks

        return tuple(map(str, remarks(derivation.told)))

    def check(self, derivation: Derivation, **options: Any) -> Any:
        """The verdict of the witnesses on every gradient."""
        from symbackprop.judge.witnesses.crosscheck import check

        return check(derivation, **options)

    def document(
        self, derivation: Derivation, seed: int, sizes: Sizes | None, detail: str, lang: str, pictured: bool = True
    ) -> Any:
        """The report as blocks, with the computational graph where it is `pictured`.

        Raises DerivationError for a detail that there is not, LanguageError for a language that there is not,
        CheckFailedError where a gradient disagrees with a witness: such a report is never made.
        """
        from symbackprop.documents.steps import graph
        from symbackprop.judge.witnesses.checked import check_table

        _require(detail, lang)
        derivation = derivation.told
        passed = self.passed(derivation, seed, sizes)
        counted = self._counted(derivation)
        draw = partial(picture_of, derivation, seed=seed, sizes=sizes, counted=counted)
        picture = graph(derivation, draw) if pictured else None
        return self._report(derivation, detail, lang, counted, check_table=check_table(derivation, passed), picture=picture)

    def draft(self, derivation: Derivation, detail: str, lang: str) -> Any:
        """The report as blocks before its gradients have been checked, without their table and the picture.

        It is for a page that shows both as they come. Raises as `document` does.
        """
        _require(detail, lang)
        return self._report(derivation.told, detail, lang, self._counted(derivation), drawn=True)

    def counted(self, derivation: Derivation, detail: str) -> Counted:
        """How the draft of a report counts values that nobody named, for the picture beside it."""
        counted = self._counted(derivation)
        if any(counted.concerns(label) for label in _drawn(derivation.told)):
            self._report(derivation.told, detail, "en", counted, drawn=True)
        return counted

    def passed(self, derivation: Derivation, seed: int = 0, sizes: Sizes | None = None) -> Any:
        """The check of a derivation that holds; raises CheckFailedError where a gradient disagrees with a witness."""
        passed = self.check(derivation, seed=seed, sizes=sizes)
        earlier, firsts = derivation.first, [passed]
        while earlier is not None:  # what is differentiated once more is a gradient, which is checked as well
            firsts.append(self.check(earlier, seed=seed, sizes=sizes))
            earlier = earlier.first
        for found in firsts:
            if not found.ok:
                raise CheckFailedError(f"the derived gradients fail their check, no report is written.\n{found}")
        return passed

    def handout(self, derivation: Derivation, blank: Sequence[str], detail: str, lang: str) -> Any:
        """The report with gaps in the place of some gradients, and its solution; both once the gradients have passed the check.

        Raises what `document` raises, DerivationError for what is no gradient or has no line of its own.
        """
        from symbackprop.documents.gaps import Gaps, Handout, numbered, require_used, sheet

        _require(detail, lang)
        derivation = derivation.told
        self.passed(derivation)
        numbers = numbered(derivation, derivation.box().names, blank)
        made = []
        for gaps in (Gaps(numbers), Gaps(numbers, filled=True)):
            made.append(sheet(self._report(derivation, detail, lang, self._counted(derivation), gaps=gaps.hide), gaps))
            require_used(gaps)
        return Handout(*made)

    def _report(self, derivation: Derivation, detail: str, lang: str, counted: Counted, drawn: bool = False, **parts: Any) -> Any:
        """The report, in which values that nobody named are counted as they are shown.

        drawn   whether a picture stands beside it, which shows some as well; that of its own figure does.
        """
        from symbackprop.documents.document import Figure
        from symbackprop.documents.steps import report
        from symbackprop.documents.within import formulas_within, with_formulas
        from symbackprop.judge.written import of_network

        if has_numbers():
            from symbackprop.judge.proofs.held import holds
            from symbackprop.judge.proofs.said import said

            parts |= {"proved": partial(said, derivation), "holds": partial(holds, derivation)}
        network = derivation.network
        document = report(
            derivation,
            title=network.title or "" if network else "",
            source=network.source if network else None,
            written=of_network(network) if network else (),
            code=network.code if network else None,
            box=_lines(derivation),
            detail=detail,
            lang=lang,
            **parts,
        )
        drawn = drawn or any(isinstance(block, Figure) for block in document.blocks)
        counted.hear(*formulas_within((document.title, document.blocks)))
        counted.hear(*(_drawn(derivation) if drawn else ()))  # the text counts without gaps
        return with_formulas(document, counted)

    def report(self, derivation: Derivation, format: str, **options: Any) -> Any:
        """The report in a format, with the table of the check that it passed."""
        from symbackprop.documents.formats import format_named

        row = format_named(format)  # what cannot be written is refused before anything is computed
        row.require(options["lang"])
        return row.write(self._for(row, derivation, pictured=row.shows_pictures(), **options))

    def save(
        self, derivation: Derivation, path: str | os.PathLike[str], format: str | None = None, **options: Any
    ) -> tuple[str, ...]:
        """The report in a file, its pictures beside it; whether it can be written is looked at before anything is computed."""
        from symbackprop.documents.formats import format_named, format_of

        row = format_named(format) if format else format_of(path)
        row.require(options["lang"])
        require_writable(path)
        files = row.files(self._for(row, derivation, pictured=row.shows_pictures(path), **options), path)
        write_together(files)
        return tuple(files)

    def _for(self, row: Format, derivation: Derivation, column: str | None = None, **options: Any) -> Any:
        """The report for a format, with the code that makes it where the format holds that."""
        from symbackprop.judge.recipe import recipe

        parts = {"column": row.column(column), "code": recipe(derivation) if row.runs else {}}
        return replace(self.document(derivation, **options), **parts)

    def fragment(self, derivation: Derivation) -> str:
        """The report as a piece of a page, such as a notebook's output."""
        from symbackprop.documents.formats.html import Fragment

        return Fragment.write(self.document(derivation, 0, None, "normal", "en"))


Network.presenter = Presenter()


def _network(network: Network) -> Any:
    """A network as blocks; None where nothing of it can be derived."""
    from symbackprop.documents.steps import report

    of = network.loss
    try:
        derived = differentiate(network.program, of, jacobian=bool(network.program.shape(of)))
    except DerivationError:
        return None
    return report(replace(derived, network=network), title=network.title or network.name, detail="brief")


def _drawn(derivation: Derivation) -> Iterator[Formula]:
    """What a picture says of the values of a derivation, where it is not too large for one."""
    from symbackprop.display.drawn import labels_drawn

    if len(derivation.forward.equations) <= LARGEST:
        for label in labels_drawn(derivation).values():
            yield from label


def _lines(derivation: Derivation) -> Any:
    """The box as the program counts what nobody named."""
    from symbackprop.judge.proofs.lines import shown_lines

    return shown_lines(derivation.told, has_numbers())


def _require(detail: str, lang: str) -> None:
    from symbackprop.documents.languages import language

    if detail not in DETAILS:
        raise DerivationError(f"there is no detail {detail!r}: {mend(str(detail), DETAILS)}")
    language(lang)


def drawing(derivation: Derivation, format: str, width: float | None, **about: Any) -> str | bytes:
    """The computational graph in a format of pictures, for a page of a width in pixels; `about` as for `picture_of`."""
    from symbackprop.documents.pictures import picture_named

    row = picture_named(format)
    row.require()
    page = row.page if width is None else row.page._replace(wide=float(width))
    return row.write(picture_of(derivation, page, **about))


def picture_of(
    derivation: Derivation,
    page: Page | None = None,
    shown: tuple[str, ...] | None = None,
    at: Mapping[str, Any] | None = None,
    seed: int = 0,
    sizes: Sizes | None = None,
    edges: str = "values",
    values: str = "entries",
    counted: Counted | None = None,
) -> Picture:
    """The computational graph at a point.

    page    the room for it; None: it is folded where it is wider than a large screen.
    shown   show the gradients of these only; None: of every tensor.
    at, seed, sizes, edges, values   as `symbackprop.draw` takes them.
    counted  how the page that it stands on counts values that nobody named; None: it counts them itself.

    Raises SymbackpropError for a graph of more than 300 equations, and for a point that does not fit the network.
    """
    from symbackprop.display.drawn import unseen
    from symbackprop.evaluate.entries import entries
    from symbackprop.judge.proofs.wires import gradient_formulas, wires_told
    from symbackprop.pictures.network_graph import Shown, draw_network

    program = derivation.forward
    for word, given, known in (("edges", edges, EDGES), ("values", values, VALUES)):
        if given not in known:
            raise DerivationError(f"{word}={given!r} is none of them: {mend(str(given), known)}")
    if at is None and sizes is None and derivation.network is not None:
        at = derivation.network.point
    if len(program.equations) > LARGEST:
        raise SymbackpropError(
            f"the network has {len(program.equations)} equations; a picture of more than {LARGEST} helps nobody. "
            "Draw a smaller part of it."
        )
    real = [n for n, t in program.tensors.items() if t.kind not in ("integers", "constant")]
    unknown = set(shown or ()) - set(real)
    if unknown:
        raise SymbackpropError(f"there is no {min(unknown)} whose gradient could be shown; the network has {', '.join(real)}.")
    numbers, gradients = entries(derivation, at, seed, sizes, values)
    wires = wires_told(derivation, unseen(derivation, with_wires=True)) if edges != "values" else {}
    formulas = gradient_formulas(derivation, wires) if edges == "gradient" else {}
    told = Shown(
        numbers,
        {n: g for n, g in gradients.items() if shown is None or n in shown},
        {n: formula for n, formula in formulas.items() if shown is None or n in shown},
        {ends: told.local for ends, told in wires.items()},
    )
    return draw_network(derivation, told, page, counted)
