r"""Over what a sum goes: \sum_{i=1}^n, \sum_{j \neq i}, \sum_{i<j}, \sum_{k \in \{1, \dots, K\}}, \sum_{i,j}."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace

from sympy import Expr

from symbackprop.formulas.told import Told, told
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import letters_of
from symbackprop.notation.claims.nodes import Node
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import RELATIONS, Token, plain
from symbackprop.notation.claims.words import indices

Letters = frozenset[str]
LABELS = frozenset("yc")  # the letters of a class that is the right one
_COUNTED = re.compile(r"\{1,\\?(?:[lc]?dots|dotsc),([A-Za-z]\w*|\d+)\}|\[([A-Za-z]\w*|\d+)\]")  # {1, ..., n} and [n]


def limits(state: State, node: sx.Big) -> tuple[list[str], list[Syntax], int | None]:
    """The letters of a sum, the conditions on them, and from where they count (None: it does not matter)."""
    under = tuple(t for t in node.under if t.text not in "{}" or t.text == "")
    texts = [t.text for t in under]
    if not under:
        return [], [], None
    if r"\in" in texts:
        _require_all(state, node)
        return _plain_letters(under[: texts.index(r"\in")], node.at), [], None
    for mark in (":", r"\mid"):
        if mark in texts:
            k = texts.index(mark)
            return _plain_letters(under[:k], node.at), [syntax(node.under[k + 1 :])], None
    if "=" in texts and texts.count("=") == 1 and not set(texts) & (RELATIONS - {"="}):
        return _from_to(state, node, under)
    if "," in texts and "=" in texts[: texts.index(",")]:  # j = 1, j \neq y_i
        k = [t.text for t in node.under].index(",")
        letters, conditions, hint = limits(state, replace(node, under=node.under[:k]))
        return letters, [*conditions, syntax(node.under[k + 1 :])], hint
    if any(t in RELATIONS for t in texts):
        one = syntax(node.under)
        if not isinstance(one, sx.Relation):
            raise Fault("the limits of this sum are not read.", r"Write \sum_{j \neq i} or \sum_{i=1}^n.", node.at)
        free = [
            side.base
            for side in one.sides
            if isinstance(side, Word) and len(side.base) == 1 and side.base not in state.outer and side.base not in state.ranges
        ]
        both = [side.base for side in one.sides if isinstance(side, Word) and side.base in free and not _known(state, side)]
        if one.signs == ("!=",) and both[1:] and both[1] in LABELS:  # \sum_{j \neq y}: y is given
            return both[:1], [one], None
        if state.context.is_network and len(both) == 2 and len(set(both)) == 2:  # \sum_{i<j}, of which none stands on the left
            return both, [one], None
        letter = free[0] if free else None
        first = one.sides[0]
        if letter is None and isinstance(first, Word):
            letter = first.base
        if letter is None:
            raise Fault("the sum does not say over what.", r"Write \sum_{j \neq i}.", node.at)
        return [letter], [one], None
    return _plain_letters(under, node.at), [], None


def from_one(node: sx.Big) -> sx.Big:
    r"""\sum_{j \in \{1, \dots, n\}} and \sum_{j \in [n]} as \sum_{j=1}^n."""
    place = next((k for k, t in enumerate(node.under) if t.text == r"\in"), None)
    counted = None if place is None else _COUNTED.fullmatch(plain(node.under[place + 1 :]))
    if counted is None or place is None:
        return node
    end = node.under[-1 - len(counted[1] or counted[2]) : -1]
    return replace(node, under=(*node.under[:place], Token("=", node.at), Token("1", node.at)), over=end)


DATA = re.compile(r"[BDS]|data|batch|train|samples")  # sets of all samples, by their usual names


def all_taken(letter: str, of: str) -> Told:
    """What is said of a sum over a set of which nobody says what lies in it."""
    return told("every {} is taken to be in {}", letter, of)


def taken_for_all(node: sx.Big) -> Told | None:
    r"""What a sum over a named set takes for granted, \sum_{i \in V}; None where it is over none, or over the samples."""
    texts = [t.text for t in node.under]
    place = texts.index(r"\in") if r"\in" in texts else -1
    of = plain(node.under[place + 1 :]) if place > 0 else ""
    return all_taken(plain(node.under[:place]), of) if of.isalpha() and not DATA.fullmatch(of) else None


def _require_all(state: State, node: sx.Big) -> None:
    """Raise Fault where a sum is over a set that nobody knows, and not over the samples of a claim."""
    place = [t.text for t in node.under].index(r"\in")
    known = plain(node.under[place + 1 :])
    if state.context.is_network or not known.isalpha():
        mend = (
            r"Write \sum_{j=1}^n, with a factor that is 1 on the set, such as A_{ij} for neighbours, or a condition: \sum_{j < i}."
        )
        raise Fault(f"which {plain(node.under[:place])} are in {known} is not said.", mend, node.at)


def require_end(state: State, node: sx.Big, letters: list[str]) -> None:
    """Raise Fault where a sum of a network goes to another size than its index does."""
    if not state.context.is_network or len(letters) != 1 or not plain(node.over).isalpha():
        return
    size = state.names.size(Word(plain(node.over), node.at))
    own = state.probe.expression.get(state.ranges.get(letters[0], 0)) if size else None
    if own is not None and own.is_Symbol and str(own) != size:
        fault = f"{letters[0]} runs to {own}, and the sum goes to {size}."
        raise Fault(fault, f"Write \\sum_{{{letters[0]}=1}}^{own}.", node.at)


def compared_with(node: sx.Big) -> frozenset[str]:
    """The letters with which the limits of a sum compare its own, i of \\sum_{j \\neq i}."""
    behind = next((k for k, t in enumerate(node.under) if t.text in RELATIONS), len(node.under))
    return frozenset(letters_of(node.under[behind:]))


def compared(node: object) -> set[str]:
    """The letters that conditions compare."""
    own = {node.base} if isinstance(node, Word) else set()
    return own.union(*(compared(part) for part in sx.below(node) if not isinstance(part, Token | str | int)))


def _known(state: State, word: Word) -> bool:
    """Whether a word names a tensor or a size."""
    return bool(state.names.lookup(word) or state.names.symbol(word))


def _plain_letters(several: Tokens, at: int) -> list[str]:
    letters = [t.text for t in several if t.text != ","]
    if not letters or not all(re.fullmatch(r"[a-zA-Z]|\\ell", t) for t in letters):
        raise Fault(f"a sum over {plain(several)} is not read.", r"Write the letters: \sum_{i,j}.", at)
    return [t.lstrip("\\") for t in letters]


def _from_to(state: State, node: sx.Big, under: Tokens) -> tuple[list[str], list[Syntax], int | None]:
    k = [t.text for t in under].index("=")
    letters, lower = _plain_letters(under[:k], node.at), under[k + 1 :]
    word = Word(letters[0], node.at)
    conditions: list[Syntax] = []
    hint = None
    if plain(lower) in ("0", "1"):
        hint = int(plain(lower))
    else:
        conditions.append(sx.Relation((word, syntax(lower)), (">=",), node.at))
        state.counted = True
    upper = node.over
    ends = hint is None and (plain(upper).isdigit() or any(t.text in "+-" for t in upper))  # of others limited sees to it
    if upper and (ends or _depends_on_index(state, upper)):
        conditions.append(sx.Relation((word, syntax(upper)), ("<=",), node.at))
    return letters, conditions, hint


def _depends_on_index(state: State, several: Tokens) -> bool:
    parts = indices(several)
    own = state.ranges.keys() | state.outer
    known = [t.text for part in parts or () for t in part if t.text in own]
    return any(not state.names.named(text) and not state.context.loops.counts(text) for text in known)


def given(state: State, node: sx.Big, letters: list[str]) -> dict[str, int]:
    """The size that the upper limit of a sum names, for a letter that no tensor carries."""
    upper = plain(node.over)
    if not upper or len(letters) != 1 or letters[0] in state.ranges:
        return {}
    name = state.names.size(Word(upper, node.at))
    if name is None:
        return {}
    return {letters[0]: int(state.probe.value(state.size(name).op.value).real)}  # type: ignore[union-attr]


def limited(state: State, node: sx.Big, letters: list[str], hint: int | None, read: bool = False) -> list[Syntax]:
    """How far an upper limit, n - 2 or 3, lets an index run along longer tensors; as a condition where no axis ends there.

    read   whether what is summed is read already, so that it is a condition also where an axis ends there.
    """
    if len(letters) != 1 or letters[0] not in state.ranges or letters[0] in state.starts or hint is None:
        return []
    if not (plain(node.over).isdigit() or any(t.text in "+-" for t in node.over)) or _depends_on_index(state, node.over):
        return []
    upper = next((e for r in state.read(syntax(node.over)) for e in [_size(r.node)] if e is not None), None)
    if upper is None:
        return []
    extent, own = state.probe.extent(upper + int(hint == 0)), state.ranges[letters[0]]
    if read and extent == own:
        return []
    if extent is not None and extent <= own and not read:  # other tensors with this index may be longer
        state.ranges[letters[0]] = extent
        state.limited.add(letters[0])
        return []
    state.counted = True
    return [sx.Relation((Word(letters[0], node.at), syntax(node.over)), ("<=",), node.at)]


def _size(node: Node) -> Expr | None:
    """A number without axes as an expression of sizes; None for anything else."""
    match node.op:
        case nd.Const(value=value):
            return value
        case nd.Arithmetic(sign="+" | "-" | "*" as sign) if not node.axes:
            a, b = (_size(arg) for arg in node.args)
            if a is None or b is None:
                return None
            return a * b if sign == "*" else a + b if sign == "+" else a - b
    return None


def narrowed(state: State, node: sx.Big, letters: list[str]) -> None:
    """Limits in numbers narrow an index that numbers tensors."""
    under = [t.text for t in node.under if t.text not in "{}"]
    if len(letters) != 1 or letters[0] not in state.starts or "=" not in under:
        return
    lower, upper = under[under.index("=") + 1 :], [t.text for t in node.over if t.text not in "{}"]
    start, extent = state.starts[letters[0]], state.ranges[letters[0]]
    first = int(lower[0]) if len(lower) == 1 and lower[0].isdigit() else start
    last = int(upper[0]) if len(upper) == 1 and upper[0].isdigit() else start + extent - 1
    if not (start <= first <= last <= start + extent - 1):
        raise Fault("the limits of this sum go beyond the tensors that are declared.", "Check them.", node.at)
    state.starts[letters[0]], state.ranges[letters[0]] = first, last - first + 1


def words(node: object, hidden: Letters = frozenset(), outer: Letters = frozenset()) -> Iterator[tuple[Word, Letters]]:
    """The words below a syntax, with the letters that sums around them bind; those of `outer` they only compare with, j != i."""
    if isinstance(node, Word):
        yield node, hidden
        if node.base == "e" and node.sup:
            with suppress(Fault):
                yield from words(syntax(node.sup), hidden, outer)
        return
    if isinstance(node, sx.Big):
        hidden = hidden | frozenset(letters_of(node.under)) - (compared_with(node) & outer)
    if isinstance(node, sx.Product):
        for factor in node.factors:
            hidden = hidden | _sought(factor)
            yield from words(factor, hidden, outer)
    elif isinstance(node, tuple):
        for part in node:
            yield from words(part, hidden, outer)
    elif is_dataclass(node) and not isinstance(node, type):
        for field in fields(node):
            value = getattr(node, field.name)
            if field.name not in ("sub", "sup") and (isinstance(value, tuple) or is_dataclass(value)):
                yield from words(value, hidden, outer)


def _sought(factor: sx.Syntax) -> Letters:
    r"""The letters over which an extreme looks for the rest of its product, j of \max_j s_j."""
    if not isinstance(factor, Word) or factor.base not in ("max", "min", "argmax", "argmin"):
        return frozenset()
    behind = next((k for k, t in enumerate(factor.sub) if t.text in RELATIONS), len(factor.sub))
    return frozenset(letters_of(factor.sub[:behind]))
