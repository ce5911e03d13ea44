"""Exercises: a network, varied by a seed, what is asked of it, numbers to try it at, and the key. What comes back is claims.

The key's formulas are claims as well, which the judge finds right: `symbackprop verify network.net answers/` marks a class's work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from pathlib import PurePath
from typing import Any

import numpy as np

from symbackprop.backends.function import compile
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.differentiate import differentiate
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import StrPath, require_writable, write_together
from symbackprop.core.network import Network
from symbackprop.display.box import ShownBox, ShownLine
from symbackprop.display.names import Names
from symbackprop.documents.document import (
    Block,
    Bullets,
    Code,
    Document,
    Formula,
    FormulaRows,
    Paragraph,
    Section,
)
from symbackprop.documents.formats import format_named
from symbackprop.documents.languages import language
from symbackprop.documents.shown import Shown
from symbackprop.documents.steps import report
from symbackprop.evaluate.domains import defined
from symbackprop.evaluate.extents import SizeError
from symbackprop.formulas import build as f
from symbackprop.formulas.latex import latex
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Grid, Node, split
from symbackprop.judge.proofs.boxed import boxed
from symbackprop.judge.weighing.counterexample import plain
from symbackprop.judge.witnesses.crosscheck import check
from symbackprop.notation.errors import NotationError
from symbackprop.notation.sources import read

SWAPPED = ("sigmoid", "tanh", "relu", "softplus")
"""Activations that a variation puts in the place of one another."""

SIZE = 2  # of every axis at the numbers of an exercise: what can be computed by hand
PLACES = (0, 1, 6)  # decimals of these numbers: as few as give the network a value
NETWORK, ANSWERS, CLAIMS = "network.net", "answers.md", "key.claims.md"


@dataclass(frozen=True)
class Exercise(Shown):
    """What is asked of a network. It shows itself as the sheet.

    network   the network, or its variation, with its text.
    seed      of the variation and of the numbers.
    derived   its gradients, checked.
    point     an array for each input, of small numbers.
    lang      the language of its sentences.
    """

    network: Network
    seed: int
    derived: Derivation
    point: Mapping[str, np.ndarray]
    lang: str = "en"

    @cached_property
    def box(self) -> ShownBox:
        return boxed(self.derived)

    @cached_property
    def asked(self) -> tuple[ShownLine, ...]:
        """The lines that are asked for: every gradient that the box has, those between included."""
        tensors = self.derived.program.tensors
        return tuple(line for line in self.box.lines if line.name in tensors and tensors[line.name].role is not None)

    @property
    def points(self) -> dict[str, int]:
        """A point for each gradient that is asked for, by what it is by; through a loop for those of parameters."""
        if self.derived.is_recursion:
            return dict.fromkeys(self.derived.wrt, 1)
        roles = (self.derived.program.tensors[line.name].role for line in self.asked)
        return {role.wrt: 1 for role in roles if role is not None}

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The gradients at the numbers, by what they are by."""
        return self._computed[1]

    @cached_property
    def _computed(self) -> tuple[Any, dict[str, np.ndarray]]:
        return compile(self.derived).value_and_grad(self.point)

    def document(self) -> Document:
        """The sheet: the network, the questions, the numbers, how answers are handed in."""
        names, found = self.box.names, self.derived
        given = report(found, title=self._title, detail="brief", lang=self.lang)
        questions = list(map(self._asked, self.asked))
        missing = [told("the gradient by {}", names.tensor(wrt)) for wrt in self.box.missing]
        blocks: list[Block] = [
            *given.blocks,
            Section(told("What to derive")),
            Paragraph(told("Derive each of these, and show the chain rule.")),
            Bullets((*questions, *missing)),
            Section(told("Numbers")),
            self._numbers(self.point),
            Paragraph(told("Compute {} and its gradients here.", names.tensor(found.of))),
            Section(told("How to hand it in")),
            Paragraph(told("Write each right side into the file that comes with this sheet; steps of your own may stand between.")),
            Code(self.answers(), "markdown"),
        ]
        return replace(given, blocks=tuple(blocks))

    def key(self) -> Document:
        """The key: the derivation, and what comes out at the numbers."""
        value, gradients = self._computed
        shown = report(self.derived, title=self._title, box=self.box, lang=self.lang)
        found = {self.derived.of: np.array(value), **{self.derived.gradient(w): g for w, g in gradients.items()}}
        numbers = (Section(told("Numbers")), self._numbers(self.point), self._numbers(found, 6))
        return replace(shown, blocks=(Paragraph(told("The key.")), *shown.blocks, *numbers))

    def claims(self) -> str:
        """The key as claims, in Markdown: what a right answer looks like."""
        return self._claims(lambda line: " ".join(latex(part) for part in (self._question(line), split(line.formula)[1]) if part))

    def answers(self) -> str:
        """What is to be filled in: the left side of each claim."""
        return self._claims(lambda line: f"{latex(self._question(line))} = ")

    def _claims(self, written: Callable[[ShownLine], str]) -> str:
        """What is asked for, as it is written; between them the values of the network that the box calls by a name, z = W x + b."""
        asked = {line.name for line in self.asked}
        own = [line for line in self.box.lines if line.name in self.derived.program.tensors]
        return "\n".join(f"$$\n{written(line) if line.name in asked else latex(line.formula)}\n$$\n" for line in own)

    def _left(self, line: ShownLine) -> Node:
        return split(line.formula)[0]

    def _question(self, line: ShownLine) -> Node:
        """What is asked for; of a letter, what it stands for as well."""
        left = self._left(line)
        if self.derived.is_recursion:
            return left if line.meant is None else f.equation(left, line.meant)
        plainly = Names(self.derived.program).tensor(line.name)
        return left if latex(left) == latex(plainly) else f.equation(left, plainly)

    def _asked(self, line: ShownLine) -> Told:
        """A question with the shape of its answer; through a loop with the steps at which it is asked."""
        names, question = self.box.names, self._question(line)
        if self.derived.is_recursion and line.about:
            return told("{}: {}", question, line.about)
        if self.derived.is_recursion or not names.signature(line.name).shape:
            return told("{}, a number", question)
        return told("{}, of the shape {}", question, names.dimensions(line.name))

    @property
    def _title(self) -> str | Told:
        return self.network.title or told("Exercise {}: {}", str(self.seed), self.network.name)

    def _numbers(self, arrays: Mapping[str, np.ndarray], places: int | None = None) -> FormulaRows:
        """What the tensors are, rounded to some places."""
        given = {name: array if places is None else np.round(array, places) + 0.0 for name, array in arrays.items()}
        return FormulaRows(tuple(Formula(f.equation(self.box.names.tensor(name), written(a))) for name, a in given.items()))

    def save(self, path: StrPath, lang: str = "", format: str | None = None) -> tuple[str, ...]:
        """Write the exercise into a folder that is there: network.net, the sheet, the file to fill in, and the key.

        format   of the sheet and of the key: "html" where not given.
        Returns the names of the files. Raises FileError where they cannot be written; nothing is changed then.
        """
        row, folder = format_named(format or "html"), PurePath(path)
        if not row.suffixes:
            raise SymbackpropError(f"{row.name} is no file by itself; write the exercise as html, pdf, markdown or latex")
        row.require(lang or self.lang)
        files: dict[str, str | bytes] = {str(folder / NETWORK): f"{(self.network.source or '').strip(chr(10))}\n"}
        for name, document in (("sheet", self.document()), ("key", self.key())):
            files |= row.files(replace(document, lang=lang or self.lang), folder / f"{name}{row.suffixes[0]}")
        files |= {str(folder / ANSWERS): self.answers(), str(folder / CLAIMS): self.claims()}
        for name in files:
            require_writable(name)
        write_together(files)
        return tuple(files)

    def __repr__(self) -> str:
        return f"<Exercise {self.network.name}, seed {self.seed}: {len(self.asked)} gradients>"


def written(array: np.ndarray) -> Node:
    """An array of numbers as on paper: a vector is a column; of more than two axes, its entries in brackets."""
    if np.ndim(array) > 2:
        return f.words(plain(array))
    entries = np.vectorize(lambda x: f.number(np.format_float_positional(x, trim="-")), otypes=[object])(array)
    if np.ndim(array) == 0:
        return entries.item()
    return Grid("bmatrix", tuple(tuple(row) for row in (entries if np.ndim(array) == 2 else entries[:, None])))


def exercise(
    net: Any, seed: int = 0, loss: str | None = None, wrt: Sequence[str] | None = None, lang: str = "en"
) -> Exercise:  # fmt: skip
    """A network with what is asked of it, numbers, and the key.

    net    a text in the network language, or a path.
    seed   0: the network as it is; others put other activations in the place of its own, and draw other numbers.
    loss   what is differentiated; None: the last scalar.
    wrt    what to differentiate by; None: every parameter.
    lang   the language of the sheet and the key.

    Raises NotationError where the network cannot be read, DerivationError for one without text or with a loss that has axes.
    """
    found = net if isinstance(net, Network) else read(net, loss, "auto", ())
    if found.origin != "text" or not found.source:
        raise DerivationError("an exercise hands out the text of its network: give a text in the network language, or a file of it")
    varied = _varied(found, seed)
    derived = replace(differentiate(varied.program, varied.loss, wrt), network=varied)
    passed = check(derived, seed=seed, points=1)
    if not passed.ok:
        raise DerivationError(f"the gradients of the exercise fail their check; nothing is written.\n{passed}")
    made = Exercise(varied, seed, derived, _point(derived, seed), language(lang).code)
    if not made.asked:
        raise DerivationError("no gradient of this network has a line that could be asked for")
    return made


def _varied(network: Network, seed: int) -> Network:
    """The network with other activations, the same in the place of the same."""
    if not seed:
        return network
    lines = (network.source or "").split("\n")
    used = tuple(name for name in SWAPPED if any(re.search(rf"\b{name}\s*\(", line.partition("#")[0]) for line in lines))
    others = [drawn for drawn in permutations(SWAPPED, len(used)) if drawn != used]
    swap = dict(zip(used, others[(seed - 1) % len(others)], strict=True)) if used else {}
    text = "\n".join(_swapped(line, swap) for line in lines)
    if network.title and text != network.source:  # what it was called may say what it is no longer
        text = re.sub(r"(?m)^[ \t]*#.*\n", "", text, count=1)
    with suppress(NotationError):
        again = read(f"{text}\n", network.loss, network.gates, ())
        return replace(again, name=network.name, title=None if network.title and text != network.source else network.title)
    return network


def _swapped(line: str, swap: Mapping[str, str]) -> str:
    code, mark, comment = line.partition("#")
    names = "|".join(swap)
    return (re.sub(rf"\b({names})(?=\s*\()", lambda m: swap[m[1]], code) if names else code) + mark + comment


def _point(derived: Derivation, seed: int) -> dict[str, np.ndarray]:
    """Small numbers for every input, at which the network and its gradients are finite and not all zero."""
    program = derived.forward
    sizes: dict[str, int] | None = {s.name: SIZE for s in program.sizes()}
    try:
        raw = defined(program, sizes, seed)[1]
    except SizeError:
        raw = defined(program, None, seed)[1]
    step = compile(derived)
    for places in PLACES:
        point = {n: np.round(a, places) + 0.0 if np.asarray(a).dtype.kind == "f" else np.asarray(a) for n, a in raw.items()}
        with suppress(SymbackpropError, FloatingPointError):
            value, gradients = step.value_and_grad(point)
            if np.isfinite(value) and all(np.isfinite(g).all() and np.any(g) for g in gradients.values()):
                return point
    return dict(raw)
