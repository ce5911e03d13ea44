r"""Letters that mean two things beside a value L: the number of layers, a^{(L)}, and the loss of each sample, L_i."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from symbackprop.language.tensors import Tensor
from symbackprop.notation.claims.tokens import Token
from symbackprop.notation.latex.extents import DOTS, group_at

LETTERS = "KMNDPQR"
SAMPLE = r"\ell"
_INSIDE = ("_", "^", "{", "(", "[", "|", "+", "-", "=", r"\in")  # what stands before a letter that begins no formula


def told_apart(stream: Sequence[Token], declared: Iterable[Tensor]) -> tuple[list[Token], tuple[str, ...]]:
    """The tokens with another letter in the place of the second meaning, and what is said of it."""
    known = list(declared)
    sizes = {str(n) for t in known for n in t.shape}
    found, notes = list(stream), list[str]()
    for letter in dict.fromkeys(t.text for k, t in enumerate(stream) if _is_defined(stream, k)):
        each = _of_samples(stream, letter)
        if each and SAMPLE not in {t.text for t in stream}:
            for k in each:
                found[k] = Token(SAMPLE, found[k].at)
            notes.append(f"{letter} is a value; that of each sample, called {letter} as well, is ell.")
        places = [] if letter in sizes | {t.name for t in known} else _counting(stream, letter)
        other = next((c for c in LETTERS if c not in {t.text for t in stream} and _is_free(c, known)), "")
        if places and other:
            for k in places:
                found[k] = Token(other, found[k].at)
            notes.append(f"{letter} is a value; the number of steps that is called {letter} as well is {other}.")
    return found, tuple(notes)


def _is_defined(stream: Sequence[Token], k: int) -> bool:
    """Whether a capital letter stands on a left side, alone."""
    text = stream[k].text
    behind = next((t.text for t in stream[k + 1 : k + 3] if t.text != "&"), "")
    is_left = len(text) == 1 and text.isupper() and behind == "="
    return is_left and (k == 0 or stream[k - 1].text not in _INSIDE)


def _of_samples(stream: Sequence[Token], letter: str) -> list[int]:
    """Where a letter stands with the index of a sample, L_i, where one of them is a left side."""
    texts = [t.text for t in stream]
    scripts = {k: [t.text for t in group_at(stream, k + 2)] for k in range(len(stream) - 2) if texts[k : k + 2] == [letter, "_"]}
    own = {k: inner for k, inner in scripts.items() if len(inner) == 1 and inner[0].isalpha() and inner[0].islower()}
    behind = {k: texts[k + (5 if texts[k + 2] == "{" else 3) :][:2] for k in own}
    return [*own] if any("=" in one[:1] or one == ["&", "="] for one in behind.values()) else []


def _counting(stream: Sequence[Token], letter: str) -> list[int]:
    r"""Where a letter numbers steps: a^{(L)} and h_L beside a^{(l-1)} and h_{l-1}, the ends of l = 1, \dots, L and \sum_{l=1}^L."""
    scripts = {k: [t.text for t in group_at(stream, k + 1)] for k, t in enumerate(stream) if k and t.text in ("^", "_")}
    stepped = {_of(stream, k, inner) for k, inner in scripts.items() if _is_step(inner)}
    found: list[int] = []
    for k, inner in scripts.items():
        bracketed = inner[:1] in (["("], ["["])
        ends_sum = inner == [letter] and stream[k - 1].text == "}" and "=" in _before(stream, k - 1)
        if inner[bracketed : bracketed + 1] == [letter] and (ends_sum or _of(stream, k, inner) in stepped):
            found.append(k + 1 + (stream[k + 1].text == "{") + bracketed)
    ends = [
        k + 2 for k, t in enumerate(stream[:-2]) if t.text in DOTS and stream[k + 1].text == "," and stream[k + 2].text == letter
    ]
    return found + ends if stepped else []


def _of(stream: Sequence[Token], k: int, inner: Sequence[str]) -> tuple[str, str]:
    """What bears a script: in brackets it is the same with any letter."""
    return inner[0] if inner[:1] in (["("], ["["]) else stream[k - 1].text, stream[k].text


def _is_step(inner: Sequence[str]) -> bool:
    """Whether a script is a step before or behind another, l - 1."""
    own = [text for text in inner if text not in "()[]"]
    return len(own) >= 3 and own[0].isalpha() and own[0].islower() and own[1] in "-+" and own[2].isdigit()


def _before(stream: Sequence[Token], k: int) -> list[str]:
    """What stands in the braces that are closed at a place."""
    start = max((j for j in range(k) if stream[j].text == "{"), default=k)
    return [t.text for t in stream[start:k]]


def _is_free(letter: str, declared: Collection[Tensor]) -> bool:
    """Whether a letter is no size, or one that parameters have along their first axis alone, as it was asked for."""
    having = [t for t in declared if letter in map(str, t.shape)]
    return all(str(t.shape[0]) == letter and letter not in map(str, t.shape[1:]) for t in having)
