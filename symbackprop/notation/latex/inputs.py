"""The inputs that a text of LaTeX tells beside its declarations, by the sets in which they lie and by what is minimised."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.given import with_densities
from symbackprop.notation.claims.pieces import WORDS, behind_group
from symbackprop.notation.claims.statements import lined, pieces, without_ranges
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import FONTS, Token, bare, tokens
from symbackprop.notation.claims.words import Names, described
from symbackprop.notation.errors import NotationError
from symbackprop.notation.grammar import parsed
from symbackprop.notation.inference import kind_of
from symbackprop.notation.latex.apart import told_apart
from symbackprop.notation.latex.divergences import written_out
from symbackprop.notation.latex.extents import ranges_of
from symbackprop.notation.latex.headers import headed, with_said
from symbackprop.notation.latex.lines import function_of
from symbackprop.notation.latex.marks import marked, with_samples
from symbackprop.notation.latex.members import Member, indices_of, left_of, members
from symbackprop.notation.latex.naming import name_of, word_of
from symbackprop.notation.latex.objective import HEAD, objective
from symbackprop.notation.latex.pairs import extents
from symbackprop.notation.latex.qualities import NOTHING, Qualities
from symbackprop.notation.latex.ranges import Range, conditioned, ranged, spoken
from symbackprop.notation.latex.reached_steps import steps_of
from symbackprop.notation.latex.sampled import without_names
from symbackprop.notation.latex.units import units
from symbackprop.notation.reader import Reader
from symbackprop.notation.statements import statement

RISES = "This is maximised: the gradients are those of the objective as it stands. Training descends: give it the negative."
_WEIGHT = re.compile(r"(W|w|theta|phi|beta|gamma)(?![a-z])")


class Told(NamedTuple):
    """The formulas of a text, what a person should know of its inputs, over which steps formulas hold, how far indices run.

    sought   what stands below a \\min or \\max, or what the loss is a function of: parameters, and what else is asked for is data.
    said     what sentences say of inputs beside their sets.
    """

    formulas: list[Tokens]
    notes: tuple[str, ...]
    ranges: tuple[Range, ...] = ()
    sizes: Mapping[str, str] = {}
    sought: tuple[Word, ...] = ()
    said: Qualities = NOTHING


def enter(reader: Reader, text: str, file: str) -> None:
    """Declare what a text in the network language declares."""
    tree, source = parsed(text, file)
    reader.source = reader.evaluator.source = source
    reader.foresee(tree.body)
    for node in tree.body:
        statement(reader, node)


def inputs(reader: Reader, latex: str) -> Told:
    """Declare the inputs whose sets are told, where nothing else declares or defines them; the formulas are left.

    What stands below a \\min or \\max is a parameter, and then the rest is data; otherwise names tell which, and a note says so.
    """
    latex = spoken(latex)
    counted, apart = told_apart(_zeros(tokens(latex)), reader.inputs)
    stream = marked(with_samples(lined(latex, [*without_names(tuple(with_densities(counted)))])))
    stream = written_out(stream, latex)
    _require_no_constraint(stream)
    stream, said = headed(stream, latex)
    ends = {token.at for token in stream if token.text == ";"}
    left, ranges = ranged(stream, indices_of(pieces(stream)))
    several, sought, below, rises = _objectives(pieces(conditioned(left)))
    names = Names({t.name: t.ndim for t in reader.inputs if t.name}, reader.sizes, {}, reader.aliases)
    sizes, steps = {**extents(tuple(stream), partial(_shape, reader, names)), **ranges_of(stream)}, steps_of(several)
    found, formulas = members([*several, *below], {**{c: n for c, n in steps.items() if n}, **sizes}, steps, ends)
    found = with_said(found, said)
    formulas = [piece for piece in formulas if not any(piece is one for one in below)]
    formulas = [piece for piece in formulas if not _is_mentioned(piece)] or formulas
    defined = {name for piece in formulas for name in _defined(piece)}
    own = {one.name: one for one in found if one.name not in defined and not names.lookup(one.word) and not names.size(one.word)}
    _require_rows(own.values(), steps)
    _require_ends(own.values(), formulas, {*sizes, *steps})
    own, notes = _apart(own, defined)
    notes += (*apart, *((RISES,) if rises else ()))
    given = [word for word in sought or _loss_of(formulas, {*own, *names.known}, defined) if _is_free(word, reader)]
    if not sought and own and (sought := _arguments(formulas, own) or given):
        notes += (f"Parameters are the arguments of what is derived: {', '.join(map(described, sought))}.",)
    parameters = [one for one in own.values() if one.within.kind is None and _is_parameter(one, sought)]
    for one in own.values():
        try:
            enter(reader, one.declaration(one in parameters), "<text>")
        except NotationError as fault:
            raise Fault(fault.fault, fault.mend, one.at) from None
    free = [one for one in own.values() if one.within.kind is None and one not in parameters]
    if not (parameters and free) or sought:
        return Told(without_ranges(formulas), notes, tuple(ranges), sizes, tuple(given))
    first, second = (", ".join(one.name for one in several) for several in (parameters, free))
    note = f"Taken by their names: parameters {first}; data {second}. A declaration says otherwise: {parameters[0].name}: data."
    return Told(without_ranges(formulas), (*notes, note), tuple(ranges), sizes, tuple(given))


def _zeros(several: Sequence[Token]) -> list[Token]:
    r"""The tokens with \mathbf{0} as 0."""
    found: list[Token] = []
    k = 0
    while k < len(several):
        is_zero = several[k].text[1:] in FONTS and [t.text for t in several[k + 1 : k + 4]] == ["{", "0", "}"]
        found.append(several[k + 2] if is_zero else several[k])
        k += 4 if is_zero else 1
    return found


def _require_no_constraint(stream: Sequence[Token]) -> None:
    """Raise Fault for what is to be kept, \\text{s.t. } W^T W = I: a network has no constraint."""
    for k, token in enumerate(stream):
        if token.text in WORDS:
            said = "".join(t.text for t in stream[k + 1 : behind_group(list(stream), k)]).strip("{},.").lower()
            if said in ("s.t", "subjectto", "st", "suchthat"):
                mend = "Leave out what follows it, or put it into the loss: + \\rho \\|W^\\top W - I\\|_F^2."
                raise Fault("a network has no constraints.", mend, token.at)


def _shape(reader: Reader, names: Names, of: Tokens) -> tuple[str, ...]:
    """The sizes of a declared tensor; none of anything else."""
    word = word_of(of)
    found = names.lookup(word) if word else None
    return next((tuple(map(str, t.shape)) for t in reader.inputs if found is not None and t.name == found.name), ())


def _require_rows(several: Iterable[Member], steps: Collection[str]) -> None:
    r"""Raise Fault for x_t \in \mathbb{R}^d within a recursion over t, which would be one vector at all steps."""
    for one in several:
        letter = next((t.text for t in (*bare(one.word.sub), *bare(one.word.sup)) if t.text in steps), None)
        if letter:
            mend = f"Write it behind the formula: \\text{{for }} {letter} = 1, \\ldots, T."
            raise Fault(
                f"how far {letter} runs is not said, so that {one.word.base}_{letter} has no number of steps.", mend, one.at
            )


def _require_ends(several: Iterable[Member], formulas: Sequence[Tokens], known: Collection[str]) -> None:
    r"""Raise Fault for x_i \in \mathbb{R}^d beside K_{ij} = ... or r_i = ... and \|r\|, where nothing says how far i and j run."""
    for piece in formulas:
        left = left_of(piece)
        letters = list(dict.fromkeys(unit.text for unit in left if unit.below and unit.letter and len(unit.text) == 1))
        if not letters or {*letters} & {*known} or not (len(letters) > 1 or _is_whole(left[0].text, letters[0], formulas)):
            continue
        if any([t.text for t in bare(one.word.sub)] in [[c] for c in letters] for one in several):
            mend = f"Write it behind the formula: \\text{{for }} {', '.join(letters)} = 1, \\ldots, n."
            if len(letters) == 1:
                raise Fault(f"how far {letters[0]} runs is not said.", mend, piece[0].at)
            raise Fault(f"how far {' and '.join(letters)} run is not said.", mend, piece[0].at)


def _is_whole(base: str, letter: str, formulas: Iterable[Tokens]) -> bool:
    """Whether a value with an index is read without it, or at a number."""
    for piece in formulas:
        right = units(piece)[len(left_of(piece)) :]
        for k, unit in enumerate(right):
            below = [one.text for one in right[k + 1 : k + 4] if one.text != "{"]
            if unit.text == base and not unit.below and below[:2] != ["_", letter]:
                return True
    return False


def _is_mentioned(piece: Tokens) -> bool:
    r"""Whether a piece only names something in a sentence: x, f: X \to Y, or the samples \{(x_i, y_i)\}_{i=1}^n."""
    signs = [t.text for t in piece]
    start = signs.index("=") + 1 if "=" in signs[:HEAD] else 0
    if signs[start : start + 1] == [r"\{"] and r"\}" in signs:
        end = len(signs) - signs[::-1].index(r"\}")
        return signs[end : end + 1] in ([], ["_"]) and ("," in signs[start:end] or "_" in signs[end:])
    return "=" not in signs and (word_of(piece) is not None or r"\to" in signs or r"\mapsto" in signs)


def _apart(own: Mapping[str, Member], defined: Collection[str]) -> tuple[dict[str, Member], tuple[str, ...]]:
    """The members with other names for sizes that are called as values are, h of W in R^{h x d} and h = W x; and notes."""
    values = {*own, *defined}
    sizes = sorted({name for one in own.values() for text in one.within.sizes for name in re.findall(r"[^\W\d]\w*", text)} & values)
    called = {size: next(name for k in count() if (name := f"n_{size}" + "_" * k) not in values) for size in sizes}

    def renamed(text: str) -> str:
        return re.sub(r"[^\W\d]\w*", lambda found: called.get(found[0], found[0]), text)

    apart = {n: one._replace(within=one.within._replace(sizes=tuple(map(renamed, one.within.sizes)))) for n, one in own.items()}
    return apart, tuple(f"{size} is a value, and the size of this name is called {name}." for size, name in called.items())


def _objectives(several: Sequence[Tokens]) -> tuple[list[Tokens], list[Word], list[Tokens], bool]:
    """The pieces, an objective as L = ..., the words below its \\min, what is said of them there, and whether it is a \\max."""
    formulas, sought, below, rises = [], [], [], False
    named = {unit.text.rpartition(" ")[2] for piece in several for unit in units(piece) if not unit.below}
    given = {left[0].text for piece in several if (left := left_of(piece))}
    for piece in several:
        found = objective(piece)
        if (
            found and (body := units(found.body))[0].text in given and (len(body) == 1 or body[1].text == "(")
        ):  # of L(w), given beside
            sought += found.sought
            rises |= found.rises
            continue
        if found and not named & {word.base for word in found.sought}:  # \max_k p
            found = None
        formulas.append((Token("L", piece[0].at), Token("=", piece[0].at), *found.body) if found else piece)
        if found:
            sought += found.sought
            rises |= found.rises
            below += [part for part in found.below if word_of(part) is None]
    return formulas, sought, below, rises


def _arguments(formulas: Sequence[Tokens], own: Mapping[str, Member]) -> list[Word]:
    """The arguments of f(x) = ..., the one value that nothing reads, where they are inputs, and none is called as weights are."""
    words = [] if any(_WEIGHT.match(name) for name in own) else _of_loss(formulas)
    return words if all(name_of(word) in own for word in words) else []


def _loss_of(formulas: Sequence[Tokens], own: Collection[str], defined: Collection[str]) -> list[Word]:
    r"""The arguments of L(\mu) = ..., the one value that nothing reads, where nothing is called as weights are."""
    right = [unit for piece in formulas for unit in units(piece)[len(left_of(piece)) :]]
    words, called = _of_loss(formulas), {unit.text.rpartition(" ")[2] for unit in right if unit.letter and not unit.below}
    weights = any(_WEIGHT.match(name) or name in ("U", "V") for name in (*own, *called))
    return [] if weights or any(name_of(word) in defined or word.base not in called for word in words) else words


def _of_loss(formulas: Sequence[Tokens]) -> list[Word]:
    """The arguments of f(x) = ..., the one value that nothing reads; none where one is anything but a name."""
    read = {unit.text for piece in formulas for unit in units(piece)[len(left_of(piece)) :]}
    functions = [one for one in map(function_of, formulas) if one and not {unit.text for unit in units(one.head)} & read]
    words = [word_of(argument) for argument in functions[0].arguments] if len(functions) == 1 else []
    return [word for word in words if word] if all(words) else []


def _is_free(word: Word, reader: Reader) -> bool:
    """Whether a word may be a parameter still: nobody declared it as anything else."""
    kinds = {t.name: t.signature.kind for t in reader.inputs if t.signature}
    return kinds.get(name_of(word), "parameter") == "parameter"


def _is_parameter(one: Member, sought: Sequence[Word]) -> bool:
    if sought:
        return any(name_of(word) == one.name for word in sought)
    letter, (_, domain, sizes) = one.name.partition("_")[0], one.within
    scales = letter == "gamma" and bool(sizes)  # of a normalisation
    return scales or (kind_of(letter) == "parameter" and (bool(sizes) or not domain))


def _defined(piece: Tokens) -> set[str]:
    """The names that a formula may give a value to: with its indices as a part of the name, and without."""
    signs = [t.text for t in piece]
    word = word_of(piece[: signs.index("=")]) if "=" in signs else None
    return {name for one in (word, word and replace(word, sub=())) if one and (name := name_of(one))}
