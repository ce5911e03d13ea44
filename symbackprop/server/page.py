"""What the page asks for, part by part: the equations first, then report, check and picture as they come; verdicts, files.

Each function runs in a process of its own (`worker`), which keeps the derivations that it made last.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from symbackprop.core.derivation import Derivation
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.network import Network
from symbackprop.documents import modes
from symbackprop.documents.at_once import at_once
from symbackprop.documents.document import Document
from symbackprop.documents.formats import format_named
from symbackprop.documents.formats.html import Fragment
from symbackprop.documents.languages import language
from symbackprop.formulas.told import told
from symbackprop.notation import typed_network
from symbackprop.notation.pasted import without_fences
from symbackprop.presenter import drawing, has_numbers
from symbackprop.server.answer import answer, attempted
from symbackprop.verbs import PRESENTER, derive, verify
from symbackprop.verbs.exported import exported

Data = dict[str, Any]

KEPT = 8  # derivations that a process keeps
C_SIZE = 32  # of every axis of a file in C
MOST_NUMBERS = 24  # entries of the inputs that have a slider each


class Piece(Fragment):
    """A document as a piece of the page, which has the style already."""

    def page(self, document: Document, body: str) -> str:
        return self.main(document, body, "div")


class File(NamedTuple):
    """A file that the page hands over: its name, its kind, and how it is made."""

    name: str
    kind: str
    made: Callable[[Derivation, str, str], str | bytes]


FILES = {
    "latex": File("derivation.tex", "text/x-tex", lambda d, *how: _report(d, "latex", *how)),
    "fragment": File("derivation-fragment.tex", "text/x-tex", lambda d, *how: _report(d, "fragment", *how)),
    "pdf": File("derivation.pdf", "application/pdf", lambda d, *how: _report(d, "pdf", *how)),
    "html": File("derivation.html", "text/html", lambda d, *how: _report(d, "html", *how)),
    "markdown": File("derivation.md", "text/markdown", lambda d, *how: _report(d, "markdown", *how)),
    "notebook": File("derivation.ipynb", "application/x-ipynb+json", lambda d, *how: _report(d, "notebook", *how)),
    "json": File("derivation.json", "application/json", lambda d, *how: _report(d, "json", *how)),
    "numpy": File("gradients.py", "text/x-python", lambda d, *_: exported(d, "numpy")),
    "jax": File("gradients_jax.py", "text/x-python", lambda d, *_: exported(d, "jax")),
    "c": File("gradients.c", "text/x-c", lambda d, *_: exported(d, "c", sizes=_in_c(d))),
}


def equations(text: str, wrt: list[str] | None = None, lang: str = "en") -> Data:
    """What is known at once, as HTML: the network and the chain rule, with the names to ask for; or what is wrong, and where."""
    found = attempted(lambda: _derived(text, _asked(wrt)), lang=lang)
    if found.derivation is None:
        return found.outline()
    network = found.derivation.network
    return {**found.outline(), "html": Piece.write(at_once(found.derivation, network.title or "" if network else "", lang))}


def formulas(text: str, wrt: list[str] | None = None, detail: str = "normal", lang: str = "en") -> Data:
    """The report before its check, as HTML, with what `equations` says; or what is wrong, and where."""
    found = attempted(lambda: _derived(text, _asked(wrt)), detail, lang)
    if found.derivation is None:
        return found.outline()
    return {
        **found.head(),
        "html": Piece.write(PRESENTER.draft(found.derivation, detail, lang)),
        "note": language(lang).words(modes.no_loss(found.derivation)),
    }


def checked(text: str, wrt: list[str] | None = None, lang: str = "en") -> Data:
    """What the witnesses say of the gradients, as HTML."""
    from symbackprop.judge.witnesses.checked import check_table

    derivation = _derived(text, _asked(wrt))
    table = check_table(derivation, PRESENTER.passed(derivation))
    return {"ok": True, "html": Piece.write(Document(told("The check"), (table,), lang))}


def picture(
    text: str, wrt: list[str] | None = None, at: dict[str, Any] | None = None, edges: str = "values", width: float = 900.0,
    detail: str = "normal",
) -> Data:  # fmt: skip
    """The computational graph at a point, as SVG, with the numbers of the inputs there where they are few.

    Values that nobody named are counted as `formulas` counts them at a detail.
    """
    import numpy as np

    derivation = _derived(text, _asked(wrt))
    point = derivation.point() if at is None else at
    shown = drawing(derivation, "svg", width, at=point, edges=edges, counted=_counted(text, _asked(wrt), detail))
    few = sum(np.size(array) for array in point.values()) <= MOST_NUMBERS
    return {"ok": True, "svg": shown, "at": {n: np.asarray(array).tolist() for n, array in point.items()} if few else {}}


def judged(text: str, claims: str, lang: str = "en") -> Data:
    """The verdict on gradients that were typed by hand, as HTML."""
    from symbackprop.judge.texts.files import typed_claims  # which needs NumPy: formulas are had without

    network = typed_network(text)
    verdict = verify(network, typed_claims(without_fences(claims)), _with_axes(network))
    return {
        "ok": True,
        "html": Piece.write(replace(replace(verdict, derived=None).document(), lang=lang)),  # the page shows the derivation
        "verdict": json.loads(verdict.to_json())["verdict"],
    }


def file(text: str, format: str, wrt: list[str] | None = None, detail: str = "normal", lang: str = "en") -> Data:
    """A file with the derivation, or with what was compiled from it: its name, its kind, its bytes in base64."""
    if format not in FILES:
        raise SymbackpropError(f"there is no file {format!r}; ask for one of {', '.join(FILES)}")
    row = FILES[format]
    made = row.made(_derived(text, _asked(wrt)), detail, lang)
    content = made.encode() if isinstance(made, str) else made
    about = ", ".join(f"{size} = {number}" for size, number in _in_c(_derived(text, _asked(wrt))).items()) if format == "c" else ""
    note = f"With {about}; for other numbers: symbackprop compile NET --format c --size NAME=NUMBER." if about else ""
    return {"ok": True, "name": row.name, "kind": row.kind, "content": b64encode(content).decode("ascii"), "note": note}


def _report(derivation: Derivation, format: str, detail: str, lang: str) -> str | bytes:
    """A report in a format; one that says that nothing is proved or checked, where there is no NumPy to do it."""
    told = answer(derivation, detail=detail, lang=lang)
    if has_numbers():
        return told.to_json() if format == "json" else derivation.report(format, detail=detail, lang=lang)
    if format == "json":
        return json.dumps(told.head(), ensure_ascii=False, indent=1)
    return format_named(format).write(PRESENTER.draft(derivation, detail, lang))


def _in_c(derivation: Derivation) -> dict[str, int]:
    """C has numbers for sizes."""
    return {str(size): C_SIZE for size in derivation.program.sizes()}


def _asked(wrt: list[str] | None) -> tuple[str, ...] | None:
    return tuple(wrt) if wrt else None


def forget() -> None:
    """Keep no derivation that was made before."""
    _derived.cache_clear()
    _counted.cache_clear()


@lru_cache(maxsize=KEPT)
def _derived(text: str, wrt: tuple[str, ...] | None) -> Derivation:
    """The gradients of the loss; where the last value has axes, its Jacobians. A name that is no more is passed by."""
    network = typed_network(text)
    there = [name for name in wrt or () if name in network.program.tensors]
    return derive(network, there or None, _with_axes(network))


@lru_cache(maxsize=KEPT)
def _counted(text: str, wrt: tuple[str, ...] | None, detail: str) -> Any:
    """How the report of a network counts what nobody named: a picture is drawn again as its point moves."""
    return PRESENTER.counted(_derived(text, wrt), detail)


def _with_axes(network: Network) -> str | None:
    """What is differentiated where it is no number."""
    return network.loss if network.program.shape(network.loss) else None
