"""The one pool of letters: i, j, k, ... for indices as a person would choose them, then i1, j1, ... without end.

Every module that needs a letter takes it from here, and says which are taken: those of the equation, and the names of tensors and
sizes where a reader could take one for the other.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import count, islice
from string import ascii_letters

from symbackprop.core.errors import SymbackpropError

LETTERS = "ijklmpqrstuvw"  # neither n, which is a size, nor o, which looks like a zero
FURTHER = "hcfadxyz"  # where those are too few, before letters with numbers
ALIKE = "ijklmn"  # indices of a person's, of which one stands for another
KEPT = "."  # behind a letter that a person gave, until equations are lettered
NAMELESS = ("u", "r", "g", "zeta")  # what a value of a network is called that neither its author nor what it is for gave a name
VALUES = "abcdefgh"  # for values in between, in generated code


def pool(first: Iterable[str] = LETTERS) -> Iterator[str]:
    """Letters in the order of preference, without end; `first` says in which order those without a number come."""
    yield from first
    for n in count(1):
        yield from (f"{letter}{n}" for letter in LETTERS)


def fresh(number: int, taken: Iterable[str], first: Iterable[str] = LETTERS, names: Container[str] = ()) -> tuple[str, ...]:
    """The first `number` letters of the pool that are neither taken nor among the names, of which there may be thousands."""
    used = set(taken)
    return tuple(islice((letter for letter in pool(first) if letter not in used and letter not in names), number))


def letters_of(names: Iterable[str]) -> set[str]:
    """The names, and the letters that they are made of, which an index beside them would be taken for: i and t of i_t."""
    return {part for name in names for part in (name, *(p for p in name.split("_") if len(p) == 1))}


def is_nameless(name: str) -> bool:
    """Whether a name is one of those that are given to what has none: u, u_3."""
    head, _, number = name.partition("_")
    return head in NAMELESS and (not number or number.isdigit())


def kept(letter: str) -> str:
    """A letter that a person gave, such as that of a loop: equations keep it where they can."""
    return letter + KEPT


def given(letter: str) -> str | None:
    """The letter that a person gave, where it may stand in formulas; else None."""
    own = letter.removesuffix(KEPT)
    return own if own != letter and own[:1].isalpha() and not own[1:].strip("0123456789") else None


def single(number: int) -> str:
    """`number` letters of one character each, as the pattern of an einsum needs them: a, b, ..., Z.

    Raises SymbackpropError beyond 52, which no array has axes for.
    """
    if number > len(ascii_letters):
        raise SymbackpropError(f"an einsum over {number} letters: NumPy has {len(ascii_letters)}; write it in two products")
    return ascii_letters[:number]
