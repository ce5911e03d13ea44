"""What one word of a claim is: a tensor, an entry, a member of a family, a size, a constant."""

from __future__ import annotations

import re
from dataclasses import replace

import sympy as sp

from symbackprop.core.errors import shown
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.told import Told, told
from symbackprop.notation.claims import calls, sums
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.indices import indexed, letters_of, powered
from symbackprop.notation.claims.nodes import DOWN, FAMILY, RIGHT, Node
from symbackprop.notation.claims.shapes import Sense, Senses, best, made, number_turned, sure
from symbackprop.notation.claims.state import Local, State
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word, bound, with_letters
from symbackprop.notation.claims.tokens import Token, bare, plain
from symbackprop.notation.claims.words import ROW, TRANSPOSES, described, has_label, how_to_call, indices, split_family, stem

ASSUMED = 0.5
SLACK = 0.2
PRIME = 1.0
UNIT = 0.4  # an axis of size 1 is left out
_BOLD = ("mathbf", "boldsymbol", "bm", "vec")
NUMBER_E = told("{} is read as the number", letter("e"))
ROW_LETTERS = frozenset("NmnMBT")


def number_of_rows(said: str, size: str) -> Told:
    """What is said of a letter that stands nowhere and is read as the number of samples."""
    return told("{} is read as the number of rows, {}", said, size)


def local(state: State, word: Word) -> Senses | None:
    """A name that the claim itself defines, whole or with indices."""
    for key, sub, sup in (
        (described(word), (), ()),
        (described(replace(word, sup=())), (), word.sup),
        (described(replace(word, sub=())), word.sub, ()),
        (described(replace(word, sub=(), sup=())), word.sub, word.sup),
    ):
        if key in state.local:
            if state.local[key].formal and not (sub or word.sub) and state.names.lookup(word) is not None:
                return None  # u beside u_k = U_{k,:} is the network's
            state.consulted.add(key)
            return applied(state, state.local[key], sub, sup, word.at)
    return None


def applied(state: State, local: Local, sub: Tokens, sup: Tokens, at: int) -> Senses:
    """A name that the claim defines, at its indices; without them, its indices are the axes of a vector or a matrix."""
    again = at_letters(local, sub)
    if again is not None:
        return scripts(state, near(state.read(again)), (), sup, at)
    if local.first is not None and sub:
        return scripts(
            state,
            [s._replace(node=numbered(state, s.node, local.formal[0], local.first, sub, at)) for s in local.senses],
            (),
            sup,
            at,
        )
    if local.formal and sub:
        senses = indexed(state, local.senses, sub, at, local.formal)
        return powered(state, senses, sup, at) if sup else senses
    if local.formal:
        pairs = list(zip(local.formal, (DOWN, RIGHT), strict=False))
        whole = [s._replace(node=nd.renamed(s.node, pairs)) for s in local.senses if not s.node.matrix]
        if not whole:
            raise Fault("this name needs its indices.", "It was defined with indices.", at)
        return scripts(state, whole, sub, sup, at)
    return scripts(state, local.senses, sub, sup, at)


def at_letters(local: Local, sub: Tokens) -> Syntax | None:
    """What a definition says at the letters of its use; None where they are no letters, or are bound inside it."""
    parts = indices(sub) if sub and local.formal else None
    if not parts or len(parts) != len(local.letters) or any(len(p) != 1 or not p[0].text.isalpha() for p in parts):
        return None
    table = {old: part[0].text for old, part in zip(local.letters, parts, strict=True)}
    if set(table.values()) & bound(local.right):
        return None
    return with_letters(local.right, table)


def near(senses: Senses) -> Senses:
    """Those that cost hardly more than the cheapest: a definition is read by itself, without what follows."""
    least = min(s.cost for s in senses)
    return [s for s in senses if s.cost <= least + SLACK]


def named(state: State, word: Word) -> Senses | None:
    """A tensor, a guessed letter or a member of a family; None where the word is none."""
    found = state.names.lookup(word)
    guess = None if found else guessed(state, word)
    if guess is not None:
        return guess
    family = None if found else state.names.family(word)
    if family is not None:
        members, numbers, left = family
        index, power = split_family(left)
        readings = member(state, members, numbers, word.at)
        readings = indexed(state, readings, index, word.at) if index else readings
        return powered(state, readings, power, word.at)
    has_mark = found is not None and bool(word.primes) and found.name.endswith("prime")
    if found is None or (word.primes and not (has_mark or primed(state, word))):
        return None
    readings = sure(state.tensor(found.name))
    if found.sample:
        readings = sampled(state, readings, found.sample, word.at)
    if found.index:
        readings = indexed(state, [*readings, *(s for r in readings for s in squeezed(r))], found.index, word.at)
    if found.index and found.power and found.power[-1].text in TRANSPOSES and not any(s.node.matrix for s in readings):
        note = number_turned(described(replace(word, sup=())))
        readings = [s._replace(notes=(*s.notes, note)) for s in readings]
    readings = powered(state, readings, found.power, word.at) if found.power else readings
    readings = [*readings, *(s for r in readings[:1] if not (found.sample or found.index) for s in squeezed(r))]
    if word.base == found.name == "e" and word.sup and not (word.sub or plain(word.sup) in TRANSPOSES):  # e^{s}, beside data e
        readings = [*readings, *(r._replace(cost=r.cost + UNIT, notes=(*r.notes, NUMBER_E)) for r in constant(state, word) or ())]
    if word.base == found.name == "pi" and not (word.font or word.sub) and state.context.counts_turns:
        number = [Sense(nd.const(sp.pi, complex(sp.pi)), UNIT, (told("{} is read as the number", f.symbol("pi")),))]
        readings = [*readings, *scripts(state, number, (), word.sup, word.at)]
    if not word.primes or has_mark:
        return readings
    return best(made(nd.transposed, readings, cost=PRIME, note=told("a prime is read as a transpose")))


def labelled_number(state: State, word: Word) -> Senses | None:
    """target_{o1}, where the network has one number target: which cannot have an index."""
    found = state.names.lookup(replace(word, sub=())) if word.sub and has_label(word) else None
    if found is None or state.probe.shapes[found.name] or found.name in state.context.defined:
        return None
    note = told("{} is read as {}", described(replace(word, sup=())), found.name)
    return [s._replace(notes=(*s.notes, note)) for s in scripts(state, sure(state.tensor(found.name)), (), word.sup, word.at)]


def squeezed(whole: Sense) -> Senses:
    """A tensor without its axes of size 1, which people leave out."""
    single = [a for a in whole.node.axes if whole.node.extent(a) == 1]
    if not single:
        return []
    node = whole.node
    for axis in single:
        node = nd.summed(node, axis)
    left = [a for a in whole.node.axes if a not in single]
    own = (*(f"b{k}" for k in range(1, len(left) - 1)), *(DOWN, RIGHT)[: len(left)])
    return [Sense(nd.renamed(node, zip(left, own, strict=True)), whole.cost + UNIT)]


def primed(state: State, word: Word) -> bool:
    """Whether a prime may be a transpose: on a matrix or a given vector, which is no value of an activation."""
    found = state.names.lookup(word)
    if found is None or word.primes != 1:
        return False
    tensor = state.context.forward.tensors.get(found.name)
    is_given = tensor is not None and tensor.kind in ("data", "labels", "parameter")
    return len(state.probe.shapes[found.name]) in ((1, 2) if is_given else (2,))


def sampled(state: State, readings: Senses, sample: Tokens, at: int) -> Senses:
    r"""x^{(i)}: the i-th row of a data matrix, or its i-th column; of a matrix with one row or column, the i-th entry."""
    entries = [one for whole in readings for one in squeezed(whole) if len(one.node.axes) == 1]
    if entries:
        return indexed(state, entries, sample, at)
    rows = indexed(state, readings, sample, at)
    flipped = indexed(state, made(nd.transposed, readings, cost=1.0, note=told("x^{(i)} is a column of the matrix")), sample, at)
    return best([*rows, *flipped])


def member(state: State, members: dict[int, str], numbers: Tokens, at: int) -> Senses:
    """x_t of the tensors x_1, x_2, ...: a tensor with the axis t."""
    first = min(members)
    several = [members[n] for n in sorted(members)]
    if sorted(members) != list(range(first, first + len(several))) or len({state.probe.shapes[n] for n in several}) > 1:
        raise Fault("these tensors are no family: their numbers or shapes do not go on.", "Write each by its number.", at)
    stack = nd.stacked(tuple(state.tensor(n) for n in several), FAMILY)
    return sure(numbered(state, stack, FAMILY, first, numbers, at))


def numbered(state: State, node: Node, axis: str, first: int, numbers: Tokens, at: int) -> Node:
    """The entry t, or t - 1, along an axis that is counted from `first`."""
    found = number_of(numbers)
    if found is None:
        raise Fault(f"{plain(numbers)} numbers no tensor.", "Write one letter, or its number.", at)
    letter, shift = found
    count = node.extent(axis)
    if not letter:
        if not first <= shift < first + count:
            raise Fault(f"there is no tensor number {shift}.", "Check the index.", at)
        return nd.picked(node, axis, (), shift - first)
    if letter not in state.starts:
        state.ranges.setdefault(letter, count)
        state.starts[letter] = first - shift
    start, extent = state.starts[letter] + shift, state.range(letter, at)
    if not (first <= start and start + extent <= first + count):
        raise Fault(f"{plain(numbers)} goes beyond the tensors that are declared.", "Check the limits of the sum.", at)
    if start == first and extent == count:
        return nd.renamed(node, [(axis, letter)])
    return nd.picked(node, axis, ((1, letter, extent),), start - first)


def number_of(numbers: Tokens) -> tuple[str, int] | None:
    """The letter and the shift of t - 1; None where it is no such number."""
    parts = indices(numbers)
    if not parts or len(parts) != 1:
        return None
    letters = [t.text for t in parts[0] if t.text.isalpha()]
    if len(letters) > 1 or (parts[0][0].text == "-"):
        return None
    shift = sum(int(t.text) * (-1 if k and parts[0][k - 1].text == "-" else 1) for k, t in enumerate(parts[0]) if t.text.isdigit())
    return (letters[0] if letters else ""), shift


def guessed(state: State, word: Word) -> Senses | None:
    """A letter that stands nowhere, as what it is taken to be; None where it is not taken to be anything."""
    found = state.context.loops.split(word) if state.context.loops else None
    if found is not None and described(replace(found[0], sup=())) in state.guesses:
        own, step, rest = found
        key = described(replace(own, sup=()))
        index = (*step, Token(",", word.at), *rest) if rest else step
        return scripts(state, sure(state.guessed(key)), index, word.sup, word.at)
    for key in (described(word), described(replace(word, sup=())), described(replace(word, sub=(), sup=(), primes=0))):
        if key in state.guesses:
            whole = key == described(replace(word, sup=())) or key == described(word)
            sup = () if key == described(word) else word.sup
            return scripts(state, sure(state.guessed(key)), () if whole else word.sub, sup, word.at)
    return None


def scripts(state: State, readings: Senses, sub: Tokens, sup: Tokens, at: int) -> Senses:
    """Indices, then a power or a transpose."""
    readings = indexed(state, readings, sub, at) if sub else readings
    return powered(state, readings, sup, at) if sup else readings


def tabled(state: State, word: Word) -> Senses | None:
    """A letter that a person's table has, with its scripts; a prime that the table does not have transposes a matrix."""
    found = state.names.symbol(word)
    if found is None and word.primes == 1:
        plain_one = tabled(state, replace(word, primes=0))
        matrices = [s for s in plain_one or () if s.node.matrix == nd.MATRIX]
        return best(made(nd.transposed, matrices, cost=PRIME, note=told("a prime is read as a transpose"))) if matrices else None
    return None if found is None else scripts(state, given(state, found[0], word), found[1], found[2], word.at)


def given(state: State, value: str, word: Word) -> Senses:
    """What a person's table says of a letter."""
    name = state.names.named(value)
    if name is not None:
        return sure(state.tensor(name))
    if value in state.names.sizes:
        return sure(state.size(value))
    if re.fullmatch(r"-?\d+(\.\d+)?(/\d+)?", value):
        whole = sp.Rational(value)
        return sure(nd.const(whole, complex(whole)))
    row = ROW.fullmatch(value)
    if row and state.names.named(row[1]):
        whole = sure(state.tensor(state.names.named(row[1]) or ""))
        whole = made(nd.transposed, whole) if row[2] else whole
        return indexed(state, whole, (Token(row[3], word.at),), word.at)
    raise Fault(
        f"symbols: {shown(value)} names nothing of the network.", "Give a tensor, a size, a number, X[n] or X[:, n].", word.at
    )


def extents(state: State, sub: Tokens) -> list[int]:
    """The sizes that a vector of ones or an identity may have: the one below it, or any."""
    text = plain(sub)
    if text.isdigit():
        return [int(text)]
    if text:
        name = state.names.size(Word(text, sub[0].at))
        if name is not None:
            return [int(state.probe.value(state.size(name).op.value).real)]  # type: ignore[union-attr]
    return state.probe.extents()


def constant(state: State, word: Word) -> Senses | None:
    """e, pi, sizes, the number of rows, the identity, unit vectors, Kronecker's delta; None for anything else."""
    sub = bare(word.sub)
    if word.accent or word.primes:
        return None
    if word.base == "e" and not sub and word.sup and plain(word.sup) not in ("T", "top"):
        exponent = state.read(syntax(word.sup))
        return best(made(lambda x: nd.applied("exp", x), exponent))
    if word.base == "e" and sub and sub[0].text.isalpha() and state.is_integer(state.names.named(sub[0].text) or ""):
        return scripts(state, calls.unit(state, state.read(syntax(word.sub)), word.at), (), word.sup, word.at)
    if word.base == "e" and len(sub) == 1 and sub[0].text.isalpha() and (word.font in _BOLD or plain(word.sup) in ("T", "top")):
        extent = state.range(sub[0].text.lstrip("\\"), word.at)
        note = told("{} is read as a unit vector", described(replace(word, sup=())))
        return scripts(state, [Sense(nd.eye((DOWN, sub[0].text), (extent, extent)), 0.0, (note,))], (), word.sup, word.at)
    if word.base == "pi" and not sub:
        return scripts(state, sure(nd.const(sp.pi, complex(sp.pi))), (), word.sup, word.at)
    if word.base == "delta" and len(sub) >= 2 and not word.sup:
        return kronecker(state, word)
    if word.base in ("I", "E") and not labelled(word) and (word.base == "I"):
        return scripts(state, [Sense(nd.eye((DOWN, RIGHT), (n, n))) for n in extents(state, word.sub)], (), word.sup, word.at)
    name = state.names.size(word)
    if name is not None:
        return scripts(state, sure(state.size(name)), (), word.sup, word.at)
    if word.base in {*state.outer, *state.ranges} and not sub:  # the k of x^k is where the index k stands
        state.counted = True
        return scripts(state, sure(state.positions(word.base, word.at)), (), word.sup, word.at)
    if word.base in "dnDN" and plain(word.sub) in state.names.sizes:  # d_k
        named = plain(word.sub)
        return [Sense(state.size(named), 0.0, (told("{} is read as the size {}", described(word), named),))]
    if word.base in ROW_LETTERS and not sub:
        rows = state.rows()[:2]
        notes = [number_of_rows(word.base, str(n)) for n in rows]
        found = [Sense(nd.const(n, state.probe.value(n)), ASSUMED + j, (notes[j],)) for j, n in enumerate(rows)]
        return scripts(state, found, (), word.sup, word.at) if found else None
    return None


def kronecker(state: State, word: Word) -> Senses | None:
    r"""\delta_{ij} of two indices, or of an index and labels that are whole numbers."""
    letters = letters_of(word.sub)
    parts = indices(word.sub)
    if state.context.loops and len({state.context.loops.is_told((Token(c, word.at),)) for c in letters}) > 1:
        return None  # \delta^{(l)}_j
    if parts is None:
        return kronecker_of_entries(state, word)
    others = [name for c in letters if c not in state.ranges and (name := state.names.named(c))]  # b may be an index beside a b
    places = [n for n in others if not state.probe.shapes[n] and (n in state.context.defined or state.is_integer(n))]
    if len(letters) == len(parts) == 2 and places:
        one, other = (Word(c, word.at) for c in letters)  # a label, or a place that a step gave: k = \arg\max_j x_j
        return sums.condition(state, sx.Relation((one, other), ("==",), word.at))
    if len(letters) != 2 or len(parts) != 2 or not all(map(state.is_integer, others)):
        return None
    i, j = letters
    known = [c for c in letters if c in state.ranges]
    if not known:
        state.range(i, word.at)
    for c in letters:
        state.ranged(c, state.range(known[0], word.at))
    extents = (state.range(i, word.at), state.range(j, word.at))
    if i == j:
        return sure(nd.ones(i, extents[0]))
    return sure(nd.eye((i, j), extents))


def kronecker_of_entries(state: State, word: Word) -> Senses | None:
    r"""\delta_{y_i j}, \delta_{j, y_i}: 1 where an index is the label."""
    parts: list[list[Token]] = [[]]
    for token in word.sub:
        parts[-1].append(token)
        if token.text == ",":
            parts[-1].pop()
            parts.append([])
    node = syntax(parts[0]) if len(parts) == 1 else sx.Product(tuple(map(syntax, parts)), ("",) * (len(parts) - 1), word.at)
    match node:
        case sx.Product(factors=(Word() as left, Word() as right)):
            return sums.condition(state, sx.Relation((left, right), ("==",), word.at))
        case _:
            return None


def labelled(word: Word) -> bool:
    """Whether a superscript is a label in brackets: W^{(2)}."""
    return bool(word.sup) and word.sup[0].text in ("(", "[")


def behind_label(word: Word) -> Tokens:
    """What of a superscript stands behind its label in brackets."""
    closing = next((k for k, t in enumerate(word.sup) if t.text in (")", "]")), len(word.sup) - 1)
    return word.sup[closing + 1 :]


def no_number(state: State, word: Word) -> None:
    """Raises Fault for an index below the name of a number."""
    found = state.names.lookup(replace(word, sub=(), sup=())) if plain(word.sub).isalpha() else None
    if found is not None and not state.probe.shapes[found.name]:
        says = f"Write {found.name} alone, or declare it with an axis."
        raise Fault(f"{found.name} is a number in this network: it has no index.", says, word.at)


def mend(state: State, name: str) -> str:
    """What to do about a letter that stands nowhere."""
    known = ", ".join([name for name in state.names.known if stem(name) == name][:12])
    return f"The network has {known}; say what {name} is: {how_to_call(name)}."
