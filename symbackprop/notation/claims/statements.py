"""A claim's lines: the equality that is claimed, and what it defines beside it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from symbackprop.core.chain_rule import gradient_name
from symbackprop.notation.claims import derivatives, ends, partial
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.given import with_densities, with_value
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import letters_of
from symbackprop.notation.claims.inline_cases import inline_cases
from symbackprop.notation.claims.left import is_name
from symbackprop.notation.claims.limits import words
from symbackprop.notation.claims.naming import ROW_LETTERS, labelled, near
from symbackprop.notation.claims.pieces import WORDS, WRAPPERS, behind_group, deeper
from symbackprop.notation.claims.shapes import Senses, made
from symbackprop.notation.claims.state import Local, State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import Token, plain, tokens
from symbackprop.notation.claims.words import Names, described

_BETWEEN = frozenset([
    "", "where", "with", "and", "for", "if", "using", "since", "so", "hence", "thus", "let", "here", "then", "therefore", "i.e",
    "forall", "forevery", "forall", "foreach", "withthe",
])  # fmt: skip
_RANGE = frozenset([r"\ldots", r"\dots", r"\cdots", r"\forall"])
_SAYS = frozenset(["=", r"\in"])
_OPERATORS = frozenset(["=", "+", "-", "*", "/", r"\cdot", r"\odot", r"\times", r"\otimes", r"\star"])


@dataclass(frozen=True)
class Equality:
    """left = right; of a chain of equalities, the first and the last side, and the sides between them.

    only   conditions on its entries: nothing is said of others; the first so many `labels` are what its left side says.
    """

    left: Syntax | None
    right: Syntax
    between: tuple[Syntax, ...] = ()
    only: tuple[sx.Relation, ...] = ()
    labels: int = 0


def split(text: str, known: Container[str] = ()) -> list[Equality]:
    """The equalities of a text: the claim, and definitions. Raises Fault where a part is neither.

    known   the names of values, of which one may be called as a sign is: mean.
    """
    several = with_densities(tokens(text))
    found = parts(with_value(several, "mean") if "mean" in known else several)
    if not found:
        raise Fault("there is no claim.", r"Write \frac{\partial L}{\partial w} = ...")
    main, *behind = (syntax(part) for part in found)
    claimed = equality(main)
    only = tuple(one for one in behind if isinstance(one, sx.Relation) and _is_condition(claimed.left, one))
    parts_behind = [part for part, one in zip(found[1:], behind, strict=True) if one not in only]
    several = [replace(claimed, only=only), *(equality(one) for one in behind if one not in only)]
    for one, part in zip(several[1:], parts_behind, strict=True):
        if one.left is None:
            raise Fault(f"{plain(part[:8])} is no equality.", "Beside the claim stand definitions, such as e = y - t.", part[0].at)
    return several


def parts(several: list[Token]) -> list[Tokens]:
    """The formulas of a text: its pieces without those that only say in which set a tensor lies, or over what an index runs."""
    return without_ranges([piece for piece in pieces(several) if not _says_a_set(piece)])


def without_ranges(several: list[Tokens]) -> list[Tokens]:
    """The pieces without those that only say over what an index runs."""
    return several[:1] + [part for before, part in pairwise(several) if not _says_a_range(before, part)]


def pieces(several: list[Token]) -> list[Tokens]:
    """The tokens between line breaks, commas, semicolons and words; a line that goes on belongs to the one before."""
    several = inline_cases(several)
    found: list[list[Token]] = [[]]
    depth = k = 0
    while k < len(several):
        token = several[k]
        text = token.text
        if WRAPPERS.match(text):
            k += 1
            continue
        if text == r"\boxed" and depth == 0 and k + 1 < len(several) and several[k + 1].text == "{":
            end = behind_group(several, k)
            several = [*several[:k], *several[k + 2 : end - 1], *several[end:]]
            continue
        depth += deeper(text)
        if depth == 0 and text == r"\forall":
            found.append([])
        if depth == 0 and text in (",", ";", r"\\"):
            going_on = text == r"\\" and k + 1 < len(several) and _goes_on(several[k + 1 :])
            if not going_on:
                found.append([])
        elif depth == 0 and text in WORDS and is_words(several, k):
            k = behind_group(several, k)
            found.append([])
            continue
        elif depth == 0 and text == "." and _ends_here(found[-1], several[k + 1 :]):
            found.append([])
        elif depth or text not in ("&", "."):
            found[-1].append(token)
        k += 1
    return [tuple(part) for part in found if part]


def _ends_here(before: list[Token], behind: list[Token]) -> bool:
    """Whether a point ends a sentence: what stands before it says something, and so does what follows, L = ... or x \\in ..."""
    if not any(t.text in _SAYS for t in before):
        return False
    for k, token in enumerate(behind):
        if token.text in _SAYS:
            return k > 0
        if token.text in (",", ";", ".", r"\\"):
            break
    return False


def lined(text: str, several: list[Token]) -> list[Token]:
    """The tokens of a text in which an equation begins anew with each line that is one: with a line break before it.

    A line that begins or follows with a sign goes on, and so does one in a bracket or an environment.
    """
    found: list[Token] = []
    depth, has_equals = 0, False
    for k, token in enumerate(several):
        if found and depth == 0 and has_equals and "\n" in text[several[k - 1].at : token.at] and _is_own_line(text, several, k):
            found.append(Token(r"\\", token.at))
            has_equals = False
        found.append(token)
        if not WRAPPERS.match(token.text):
            depth += deeper(token.text)
            ended = depth == 0 and token.text in (",", ";", r"\\")
            has_equals = (has_equals or token.text in ("=", r"\in")) and not ended
    return found


def _is_own_line(text: str, several: list[Token], k: int) -> bool:
    """Whether the line that begins at a token has an equals sign of its own behind a name, or says in which set one lies."""
    end = next((j for j in range(k + 1, len(several)) if "\n" in text[several[j - 1].at : several[j].at]), len(several))
    line, depth = [t.text for t in several[k:end]], 0
    if several[k - 1].text in _OPERATORS or line[0] in (*_OPERATORS, "&"):
        return False
    for word in line:
        depth += 0 if WRAPPERS.match(word) else deeper(word)
        if word in ("=", r"\in") and depth == 0:
            return True
    return False


def _says_a_range(before: Tokens, part: Tokens) -> bool:
    """Whether a part only says over what an index runs: i = 1, ..., n; for all i."""
    own, last = ({t.text for t in one} & _RANGE for one in (part, before))
    return bool(own) or (bool(last) and len(part) == 1)


def _says_a_set(part: Tokens) -> bool:
    r"""Whether a part only says in which set something lies, W \in \mathbb{R}^{h \times d}: shapes are declared elsewhere."""
    depth, outside = 0, set()
    for token in part:
        depth += deeper(token.text)
        outside |= {token.text} if depth == 0 else set()
    return r"\in" in outside and "=" not in outside


def _goes_on(rest: list[Token]) -> bool:
    texts = [t.text for t in rest if t.text not in ("&",)]
    return bool(texts) and texts[0] in ("=", "+", "-", r"\cdot", r"\odot", r"\times")


def is_words(several: list[Token], k: int) -> bool:
    """Whether a \\text holds words between formulas, and no name."""
    inner = "".join(t.text for t in several[k + 1 : behind_group(several, k)]).strip("{}")
    return inner.lower().rstrip(",.") in _BETWEEN


def equality(node: Syntax) -> Equality:
    """left = right of one formula. Raises Fault for a comparison."""
    if isinstance(node, sx.Relation):
        if any(sign != "==" for sign in node.signs):
            raise Fault("a comparison is no claim.", "Write an equality.", node.at)
        left, *between, right = node.sides
        if between and isinstance(right, sx.Number) and right.text == "0" and not is_name(between[-1]):  # set to zero
            *between, right = between
        if isinstance(left, sx.Terms) and len(left.parts) == 1 and left.parts[0][0] < 0:  # -\frac{\partial E}{\partial w} = ...
            left, *between, right = left.parts[0][1], *(sx.Terms(((-1, side),), side.at) for side in [*between, right])
        if (factor := _before_derivative(left)) is not None and isinstance(left, sx.Product):  # \frac12\nabla L = ...
            left, *between, right = left.factors[-1], *(_without(factor, side) for side in [*between, right])
        return Equality(left, right, tuple(between))
    return Equality(None, node)


def _before_derivative(left: Syntax) -> Syntax | None:
    """The number that stands before a derivative; None where none does, as in x^\\top \\nabla f."""
    match left:
        case sx.Product(factors=(factor, sx.Nabla() | sx.Fraction(over=sx.Partial())), ops=("" | "dot",)):
            parts = (factor.over, factor.under) if isinstance(factor, sx.Fraction) else (factor,)
            is_number = all(isinstance(p, sx.Number) or (isinstance(p, Word) and plain(p.sup) not in ("T", "top")) for p in parts)
            return factor if is_number else None
    return None


def _without(factor: Syntax, side: Syntax) -> Syntax:
    """A side without a factor that the left-hand side has."""
    one = sx.Number("1", factor.at)
    over, under = (factor.under, factor.over) if isinstance(factor, sx.Fraction) else (one, factor)
    inverse = over if under == replace(one, at=under.at) else sx.Fraction(over, under, factor.at)
    return sx.Product((inverse, sx.Group((side,), "(", side.at)), ("",), side.at)


def _is_condition(left: Syntax | None, node: sx.Relation) -> bool:
    return any(sign != "==" for sign in node.signs) or partial.indices_agree(left, node)


def named_last(one: Equality, names: Names) -> Equality:
    r"""A chain that ends in a name of its own, \nabla_r L = r - x = e: what stands before it is claimed, and called so."""
    last = one.right
    if isinstance(last, sx.Product) and any(isinstance(f, Word) and not _is_known(names, f) for f in last.factors):
        last = sx.spelled_out(last)  # EH_i
    if not (one.between and isinstance(last, Word)) or _is_known(names, last):
        return one
    if last.base in ("pi", "I", "1", "0") or last.primes or (last.sup and not labelled(last)):
        return one
    return replace(one, right=one.between[-1], between=(*one.between[:-1], last))


def _is_known(names: Names, word: Word) -> bool:
    return bool(names.lookup(word) or names.size(word) or names.symbol(word))


def derivatives_defined(state: State, definitions: Iterable[Equality]) -> dict[str, int]:
    """The derivatives that definitions say, with their places: in what follows they stand for what is said of them."""
    found = (_derivative(state, one) for one in definitions)
    return {word.base: word.at for word in found if word is not None}


def _derivative(state: State, definition: Equality) -> Word | None:
    """The derivative on the left-hand side of a definition, as a word with its indices; None for any other left-hand side."""
    if isinstance(definition.left, Word | sx.Product):
        return None
    found = derivatives.derivative(state, definition.left) if definition.left is not None else None
    if found is None or found.family is not None:
        return None
    of = state.context.of if found.of is None else found.of
    return Word(gradient_name(of, found.wrt), found.at, sub=(*found.of_index, *found.wrt_index))


def require_used(state: State, elsewhere: Sequence[Syntax] = ()) -> None:
    """Raise Fault for what a definition says and nothing uses: it would be judged by nobody.

    elsewhere   other sides of the claim, in which it may stand.
    """
    used = {name for side in elsewhere for name in _words_in(side)}
    for name, at in state.promised.items():
        if name not in state.used and name not in used:
            raise Fault(f"what is said of {name} is used nowhere.", "Give it a claim or a step of its own.", at)
    for name in state.local:
        if name not in state.consulted and name not in state.promised and name not in used:
            raise Fault(f"what is said of {name} is used nowhere.", "Give it a claim or a step of its own.")


def ready(definitions: Sequence[Equality]) -> list[Equality]:
    """The definitions that use the name of no other one."""
    names, used = [_given(one) for one in definitions], [_mentioned(one) for one in definitions]
    return [one for k, one in enumerate(definitions) if not used[k] & {*names[:k], *names[k + 1 :]}]


def _given(definition: Equality) -> str:
    """The name that a definition gives, without its indices: dz of dz_2; "" for a derivative."""
    left = definition.left
    if isinstance(left, sx.Scripted) and isinstance(left.body, sx.Group) and not left.sup:
        left = left.body.items[0]
    several = left.factors if isinstance(left, sx.Product) and not any(left.ops) else (left,)
    words_ = [one for one in several if isinstance(one, Word)]
    if len(words_) < len(several):
        return ""
    return _spelled(replace(words_[-1], base="".join(one.base for one in words_)))


def _mentioned(definition: Equality) -> set[str]:
    """The names that may stand on the right side of a definition, as `_given` spells them; two words side by side may be one."""
    return _words_in(definition.right)


def _words_in(side: Syntax) -> set[str]:
    found = [one for one, _ in words(side)]
    together = [replace(b, base=a.base + b.base) for a, b in pairwise(found)]
    return {_spelled(one) for one in (*found, *together)}


def _spelled(word: Word) -> str:
    digits = tuple(t for t in word.sub if t.text.isdigit())
    return described(replace(word, font="", at=0, sub=digits, sup=(), primes=0))


def define(state: State, read: Callable[[Syntax], Senses], definition: Equality) -> None:
    """Enter what a definition says: a name, whole or by its indices."""
    left = definition.left
    assert left is not None
    outer: Tokens = ()
    derivative = _derivative(state, definition)
    left = left if derivative is None else derivative
    if isinstance(left, sx.Scripted) and isinstance(left.body, sx.Group) and not left.sup:
        left, outer = left.body.items[0], left.sub
    if isinstance(left, sx.Product) and not any(left.ops) and all(isinstance(f, Word) for f in left.factors):
        last = left.factors[-1]
        assert isinstance(last, Word)
        left = replace(last, base="".join(f.base for f in left.factors if isinstance(f, Word)))
    if ends.is_loss_of(state, left):
        return  # f(w) = ... beside \\nabla f(w): what the network has of it is judged
    if not isinstance(left, Word):
        raise Fault("what is defined here is no name.", "Write a letter on the left-hand side.", left.at)
    is_number = isinstance(definition.right, sx.Number | Word)
    if (state.names.size(left) and is_number) or (len(left.base) == 1 and left.base in state.ranges and not left.sub):
        return  # for i = 1: what an index runs over is known from the tensors
    if isinstance(definition.right, sx.Number) and left.base in ROW_LETTERS and not state.names.lookup(left):
        return  # N = 100: a size is whatever it is
    letters = letters_of(outer or left.sub)
    parts = [t for t in (outer or left.sub) if t.text not in "{},"]
    lone = bool(letters) and len(letters) == len(parts) and all(t.text.islower() for t in parts) and len(letters) <= 2
    is_diagonal = lone and len(letters) == 2 and len({*letters}) == 1 and state.names.lookup(left) is None  # D_{ii} = p_i
    letters = letters[:1] if is_diagonal else letters
    with state.bound([c for c in letters if lone and c not in state.outer]):
        state.foresee(definition.right)
        senses = read(definition.right)
        first = state.starts.get(letters[0]) if len(letters) == 1 else None
    senses = near(senses)
    formal: tuple[str, ...] = ()
    if lone and (held := [s for s in senses if set(letters) <= set(s.node.axes)]):
        formal = tuple(f"p{k}" for k in range(len(letters)))
        senses = made(lambda x: nd.renamed(x, zip(letters, formal, strict=True)), held)
        left = replace(left, sub=())
        if is_diagonal:
            (entry,) = formal
            senses, formal, letters = made(lambda x: nd.diag(nd.renamed(x, [(entry, nd.DOWN)])), senses), (), []
    state.local[described(replace(left, font="", at=0))] = Local(
        senses, formal, first if formal else None, tuple(letters), definition.right
    )
