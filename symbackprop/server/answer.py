"""One shape for every place where a derivation is had: the page, an assistant, the shell's JSON. Text or a network in, data out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from symbackprop.core.derivation import Derivation, GradientView
from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.languages import refusal
from symbackprop.notation import NotationError
from symbackprop.verbs import derive

Data = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What is wrong with what was asked.

    message  all of it, as an error says it.
    fault    what is wrong, and `mend`: what to write instead; "" where the fault says it.
    file, line, column, length   the stretch of the text, from 1; 0 where there is none.
    write    what mends it in that stretch; "" where a person has to choose.
    """

    message: str
    fault: str
    mend: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    length: int = 0
    write: str = ""


@dataclass(frozen=True)
class Answer:
    """A derivation as data, or what is wrong with what was asked.

    derivation  what was derived; None where there are faults.
    faults      none, where it was derived.
    detail, lang  of the report.
    """

    derivation: Derivation | None
    faults: tuple[Fault, ...] = ()
    detail: str = "normal"
    lang: str = "en"

    @property
    def ok(self) -> bool:
        return not self.faults

    def outline(self) -> Data:
        """What is known as soon as something is derived: ok, faults, of, wrt, tensors."""
        found = self.derivation
        if found is None:
            return {"ok": False, "faults": [asdict(fault) for fault in self.faults]}
        return {"ok": True, "faults": [], "of": found.of, "wrt": list(found.wrt), "tensors": _tensors(found)}

    def head(self) -> Data:
        """What is known before any check: what `outline` says, and gradients, remarks, notes, source."""
        found = self.derivation
        if found is None:
            return self.outline()
        network = found.network
        return {
            **self.outline(),
            "gradients": {w: _gradient(view) for w, view in found.gradients.items()},
            "remarks": list(found.remarks),
            "notes": list(network.notes) if network else [],
            "source": network.source or "" if network else "",
        }

    def data(self) -> Data:
        """The whole answer: what `head` says, the check as the witnesses told it, and the report block by block.

        A derivation that fails its check is no answer: its table is the fault.
        """
        if self.derivation is None:
            return self.head()
        try:
            report = json.loads(self.derivation.report("json", detail=self.detail, lang=self.lang))
        except SymbackpropError as refused:
            return replace(self, derivation=None, faults=(_fault(refused, self.lang),)).head()
        return {**self.head(), "check": json.loads(self.derivation.check().to_json()), "report": report}

    def to_json(self) -> str:
        """The whole answer as JSON."""
        return json.dumps(self.data(), ensure_ascii=False, indent=1)


def answer(
    net: Any, wrt: Iterable[str] | str | None = None, of: str | None = None, detail: str = "normal", lang: str = "en"
) -> Answer:
    """The derivation of a network as data; where there is none, what is wrong, where, and what to write instead.

    net     what `symbackprop.read` takes, or a Derivation.
    wrt     what to differentiate by; None: every parameter.
    of      what is differentiated; None: the loss.
    detail  "brief", "normal" or "full", of the report, and lang "en" or "ko", of what is refused as well.

    Returns an Answer: `ok`, `faults`, `derivation`, `data()`, `to_json()`. Nothing that a person wrote is raised.
    """
    as_it_is = isinstance(net, Derivation) and wrt is None and of is None
    return attempted(lambda: net if as_it_is else derive(net, wrt, of), detail, lang)


def attempted(made: Callable[[], Derivation], detail: str = "normal", lang: str = "en") -> Answer:
    """The answer that holds what is made, or why it cannot be made."""
    try:
        return Answer(made(), (), detail, lang)
    except SymbackpropError as refused:
        return Answer(None, (_fault(refused, lang),), detail, lang)


def _fault(refused: SymbackpropError, lang: str) -> Fault:
    message = refusal(refused, lang)
    if not isinstance(refused, NotationError):
        return Fault(message, message)
    place = refused.place
    fault, mend = (refusal(SymbackpropError(text), lang) for text in (refused.fault, refused.mend))
    told = Fault(message, fault, mend)
    if place is None:
        return told
    return replace(told, file=place.file, line=place.line, column=place.column, length=place.length, write=refused.write)


def _tensors(derivation: Derivation) -> list[Data]:
    program = derivation.forward
    named = [(name, tensor) for name, tensor in program.tensors.items() if tensor.named or tensor.kind != "value"]
    return [{"name": n, "kind": t.kind, "shape": [str(size) for size in t.shape]} for n, t in named]


def _gradient(view: GradientView) -> Data:
    shape = [str(n) for n in view.shape]
    return {"shape": shape, "latex": view.latex(), "definitions": list(view.definitions), "entries": view.index()}
