r"""The formulas of a text of LaTeX, with f(x) = ... and \sigma(z) = ... written out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.syntax import Tokens
from symbackprop.notation.claims.tokens import MOST, Token, plain
from symbackprop.notation.latex.sampled import BARS, indexed, indices
from symbackprop.notation.latex.units import Unit, bound, split, texts, units

PARAMETERS = ("theta", "phi", "psi", "omega", "Theta", "Phi")  # what stands below the name of what depends on it
_FRESH = "ijklmnpqrsuvabcdgho"


class Function(NamedTuple):
    """f, its arguments x and y, and the right side of f(x, y) = ..."""

    head: Tokens
    arguments: tuple[Tokens, ...]
    body: Tokens

    @property
    def letters(self) -> list[str] | None:
        """The letters of its arguments; None where one is anything else."""
        found = [units(argument) for argument in self.arguments]
        names = [several[0].text for several in found if len(several) == 1 and several[0].letter]
        return names if len(names) == len(found) and len({*names}) == len(names) else None


class _Call(NamedTuple):
    """f(a, b) from the token `start` on, up to the token `end`; `below` is the index of an entry of it, f_j(a, b)."""

    start: int
    end: int
    arguments: tuple[Tokens, ...]
    below: Tokens = ()


def formulas(pieces: Iterable[Tokens], known: Callable[[str], bool]) -> list[Tokens]:
    """The formulas of a text, with its functions written out.

    What is f(x) = ... is a function where f is called with anything but x, and where x names nothing; else f is a value made of x.

    known   whether a letter, `x` or `hat x`, names something that is declared.

    Raises Fault where f is both, and where its arguments are no letters and it is called with others.
    """
    found = [*pieces]
    for k in range(len(found)):
        function = function_of(found[k])
        if function is None:
            continue
        function = _unprimed(function, {unit.text for part in found for unit in units(part)})
        others = [*found[:k], (), *found[k + 1 :]]
        if (sampled := _sampled(found, function, known)) is not None:
            found = sampled
            continue
        own = [*map(plain, function.arguments)]
        calls = [call for part in others for call in _calls(part, function.head)]
        foreign = [call for call in calls if [*map(plain, call.arguments)] != own]
        letters, named = function.letters, {*map(_left, found)}
        bare = letters is not None and all(x in named or known(x) for x in letters)
        if foreign:
            for call in foreign:
                _require_a_function(function, call.arguments, others, bare)
        if letters is not None and calls and (foreign or not bare):
            taken = {unit.text for part in found for unit in units(part)}
            found = [_applied(part, function, letters, taken) for part in others]
        else:
            found = [_valued(part, function) for part in found]
    return [part for part in found if part]


def _sampled(found: Sequence[Tokens], function: Function, known: Callable[[str], bool]) -> list[Tokens] | None:
    """The formulas with f_n in the place of f(x_n); None where f is not defined at samples, or called with anything else."""
    summed = {c for part in found for c in bound(units(part))}
    counted = summed | {unit.text for part in found for unit in units(part) if unit.below and len(unit.text) == 1}
    defined, several = indices(function.arguments, function.arguments, counted), units(function.head)
    name = function.head[: several[0].end]
    below = [unit.text for unit in several if unit.below and unit.letter]
    is_said = all(c in PARAMETERS or known(c) for c in below) and not {*below} & summed
    own = len(below) == 1 and below[0] in counted and not known(below[0])  # s_k(x_n), of which each k is one
    head = name if own else function.head
    if defined is None or (len(several) > 1 and not own and not (is_said and _is_only(found, name, head))):
        return None
    made: list[Tokens] = []
    for part in found:
        out, k = list[Token](), 0
        for call in _calls(part, head):
            letters = indices(function.arguments, call.arguments, counted)
            if letters is None or len(letters) != len(defined) or bool(call.below) != own:
                return None
            first = [tuple(t.text for t in call.below if t.text not in "_{}")] if own else []
            out += [*part[k : call.start], *indexed(name, [*first, *letters])]
            k = call.end
        made.append((*out, *part[k:]))
    return made


def _is_only(found: Sequence[Tokens], name: Tokens, head: Tokens) -> bool:
    r"""Whether a name stands with one subscript alone, the parameters that it depends on: h_\theta(x_i)."""
    return all(plain(part[start : start + len(head)]) == plain(head) for part in found for start, _ in _heads(part, name))


def _left(part: Tokens) -> str | None:
    """The letter that a formula gives a value to."""
    several = units(part)
    return several[0].text if len(several) > 1 and several[1].text == "=" and several[0].letter else None


def _require_a_function(function: Function, arguments: Sequence[Tokens], others: Sequence[Tokens], bare: bool) -> None:
    """Raise Fault where what is called with other arguments is no function, or a value as well."""
    head, own, other = plain(function.head), ", ".join(map(plain, function.arguments)), ", ".join(map(plain, arguments))
    at = function.head[0].at
    if function.letters is None or len(function.arguments) != len(arguments):
        fault = f"{head} is defined at ({own}) and stands before ({other})."
        raise Fault(fault, rf"Define it with a letter for each argument; a product is {head} \cdot ({other}).", at)
    if bare and any(_alone(part, function.head) for part in others):
        fault = (
            f"{head}({own}) is defined, and {head} stands alone as well as before ({other}): a function, or a value in a product."
        )
        raise Fault(fault, rf"Write {head}({own}) for its value; a product is {head} \cdot ({other}).", at)


def function_of(part: Tokens) -> Function | None:
    """f(x) = ... in its parts; None for what is no such equation."""
    signs = [t.text for t in part]
    if "=" not in signs:
        return None
    k = signs.index("=")
    if "(" not in signs[1:k] or signs[k - 1] != ")":
        return None
    opening = signs.index("(")
    if opening == 0 or signs[opening - 1] in ("{", "^", "_") or _closing(part, opening) != k - 1:
        return None
    return Function(part[:opening], _arguments(part[opening + 1 : k - 1]), part[k + 1 :])


def _unprimed(function: Function, taken: set[str]) -> Function:
    """The function with a letter of its own for an argument x', as of k(x, x')."""
    free = iter(c for c in _FRESH if c not in taken)
    for k, argument in enumerate(function.arguments):
        if [t.text for t in argument[1:]] != ["'"] or (letter := next(free, None)) is None:
            continue
        out, j, body = [], 0, function.body
        while j < len(body):
            is_primed = [t.text for t in body[j : j + 2]] == [argument[0].text, "'"]
            out.append(Token(letter, body[j].at) if is_primed else body[j])
            j += 1 + is_primed
        arguments = (*function.arguments[:k], (Token(letter, argument[0].at),), *function.arguments[k + 1 :])
        function = function._replace(arguments=arguments, body=tuple(out))
    return function


def _closing(part: Sequence[Token], opening: int) -> int:
    """The place of the bracket that closes the one at `opening`; -1 where none does."""
    depth = 0
    for k in range(opening, len(part)):
        depth += (part[k].text == "(") - (part[k].text == ")")
        if depth == 0:
            return k
    return -1


def _arguments(inner: Tokens) -> tuple[Tokens, ...]:
    """The arguments between the commas and semicolons that no bracket holds, and on both sides of one bar, as of pi(a | s)."""
    bars = [t for t in inner if t.text in BARS]
    return tuple(split(inner, ",", ";", *BARS)) if len(bars) == 1 else tuple(split(inner, ",", ";"))


def _heads(part: Tokens, head: Tokens) -> Iterator[tuple[int, int]]:
    """Where a name stands, in no subscript: its first token, and the one behind it."""
    several, own = units(part), texts(units(head))
    for k in range(len(several) - len(own) + 1):
        if texts(several[k : k + len(own)]) == own and not several[k].below:
            yield several[k].start, several[k + len(own) - 1].end


def _calls(part: Tokens, head: Tokens) -> Iterator[_Call]:
    for start, end in _heads(part, head):
        opening = _behind_letter(part, end)
        if opening < len(part) and part[opening].text == "(":
            closing = _closing(part, opening)
            if closing < 0:
                raise Fault("a ) is missing.", "Every bracket needs its partner.", part[opening].at)
            yield _Call(start, closing + 1, _arguments(part[opening + 1 : closing]), part[end:opening])


def _behind_letter(part: Tokens, end: int) -> int:
    """The place behind a subscript that is one letter or number; the place itself where there is none."""
    if end + 1 >= len(part) or part[end].text != "_":
        return end
    (below,) = units(part[end + 1 :])[:1]
    if below.text == "{":
        return end + 4 if [t.text for t in part[end + 3 : end + 4]] == ["}"] and part[end + 2].text.isalnum() else end
    return end + 1 + below.end if below.letter or below.text.isdigit() else end


def _alone(part: Tokens, head: Tokens) -> bool:
    return any(end == len(part) or part[end].text != "(" for _, end in _heads(part, head))


def _applied(part: Tokens, function: Function, letters: Sequence[str], taken: set[str]) -> Tokens:
    """The tokens with every call of a function written out, the outermost first."""
    while (call := next(_calls(part, function.head), None)) is not None:
        at = part[call.start].at
        if len(call.arguments) != len(letters):
            raise Fault(f"this function has {len(letters)} arguments, and {len(call.arguments)} here.", "Give it as many.", at)
        written = _written(function.body, dict(zip(letters, call.arguments, strict=True)), taken, at)
        part = (*part[: call.start], Token("(", at), *written, Token(")", at), *call.below, *part[call.end :])
        if len(part) > MOST:
            raise Fault("written out, this function has too many signs.", "Give its values names of their own.", at)
    return part


def _written(body: Tokens, given: Mapping[str, Tokens], taken: set[str], at: int) -> Tokens:
    """The body of a function at its arguments; an index that it sums over is no letter of theirs."""
    several = units(body)
    inside = {unit.text for argument in given.values() for unit in units(argument)}
    free = iter(c for c in _FRESH if c not in taken)
    renamed: dict[str, str] = {}
    for letter in sorted(bound(several) & inside):
        renamed[letter] = next(free, "")
        if not renamed[letter]:
            raise Fault(f"{letter} is bound in a function and stands in its argument.", "Sum over another letter in it.", at)
    places = {x for x in given if all(unit.below for unit in several if unit.text == x)}  # x is an index
    out: list[Token] = []
    for k, unit in enumerate(several):
        argument = given.get(unit.text)
        if unit.text in renamed:
            own: list[Token] = [Token(renamed[unit.text], at)]
        elif argument is None or (unit.below and unit.text not in places) or _is_named(several[k + 1 : k + 4]):
            out += [Token(t.text, at) for t in body[unit.start : unit.end]]
            continue
        elif unit.below or (len(units(argument)) == 1 and k + 1 < len(several) and several[k + 1].text == "_"):
            if len(units(argument)) > 1 and not _is_label(argument):
                raise Fault(f"{unit.text} is an index, and {plain(argument)} is none.", "Call the function with a letter.", at)
            lone = len(units(argument)) > 1 and body[unit.start - 1].text == "_"
            own = [Token("{", at), *argument, Token("}", at)] if lone and body[unit.start].text != "{" else [*argument]
        else:
            own = [Token("(", at), *argument, Token(")", at)]
            if k and several[k - 1].text == "^" and body[unit.start].text != "{":
                own = [Token("{", at), *argument, Token("}", at)]
        out += [Token("{", at), *own, Token("}", at)] if body[unit.start].text == "{" else own
    return tuple(out)


def _is_named(behind: Sequence[Unit]) -> bool:
    r"""Whether a word stands below a letter, as of x_{\max}, which is a name of its own and no entry."""
    first = next((unit.text for unit in behind[1:] if unit.text != "{"), "") if behind and behind[0].text == "_" else ""
    return first in (r"\max", r"\min", r"\ast", "*") or (first.isalpha() and len(first) > 1)


def _is_label(argument: Tokens) -> bool:
    """Whether an argument is a letter with an index, a_i, which may be the label of a sample."""
    first, *rest = units(argument)
    return first.letter and [unit.text for unit in rest[:1]] == ["_"] and all(unit.below for unit in rest[1:])


def _valued(part: Tokens, function: Function) -> Tokens:
    """The tokens with f in the place of f(x)."""
    own = [*map(plain, function.arguments)]
    out, k = [], 0
    for call in _calls(part, function.head):
        if [*map(plain, call.arguments)] == own:
            out += [*part[k : call.start], *function.head, *call.below]
            k = call.end
    return (*out, *part[k:])
