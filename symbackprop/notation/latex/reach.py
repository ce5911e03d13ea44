r"""How far indices run, as far as all that they read has entries: i of x_{i+k-1} to n - K + 1, of x_{2i} to n where x has 2n."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sympy as sp
from sympy import Expr, S

from symbackprop.core.guards import proven
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault

DEEPEST = 6  # letters of which one's limits lead to another's


@dataclass(eq=False)
class Letter:
    """An index that runs.

    bound         whether a sum binds it; else it stands on the left side.
    at            where it stands.
    lows, highs   what it is not below and not above, as its limits say.
    first, last   its lowest and its highest number, once they are known.
    unread        a limit that is no number and no size.
    found         whether it ends where something ends that is read beside it, or by more letters.
    """

    name: str
    bound: bool
    at: int
    lows: list[Form] = field(default_factory=list)
    highs: list[Form] = field(default_factory=list)
    first: Expr | None = None
    last: Expr | None = None
    unread: str = ""
    found: bool = False

    def span(self) -> sx.Span:
        """How it runs."""
        assert self.first is not None
        assert self.last is not None
        return sx.Span(self.name, self.first, sp.expand(self.last - self.first + 1))


class Form(NamedTuple):
    """A sum of whole multiples of letters, and what is added."""

    letters: tuple[tuple[int, Letter], ...]
    added: Expr

    def of(self, letter: Letter) -> int:
        """Which multiple of a letter it has."""
        return sum(k for k, one in self.letters if one is letter)

    def at(self, letter: Letter, other: Form) -> Form:
        """It, where a letter is another form."""
        k, kept = self.of(letter), {id(one): (n, one) for n, one in self.letters if one is not letter}
        for n, one in other.letters:
            kept[id(one)] = (kept.get(id(one), (0, one))[0] + k * n, one)
        return Form(tuple(one for one in kept.values() if one[0]), sp.expand(self.added + k * other.added))


class Read(NamedTuple):
    """An entry of a tensor along one axis, whose entries count from `first` to `last`.

    axis    the name of the tensor and the place of the axis.
    sure    whether the entry is read whatever a condition says.
    """

    axis: tuple[str, int]
    form: Form
    first: Expr
    last: Expr
    at: int
    text: str
    sure: bool = True

    @property
    def plain(self) -> bool:
        """Whether its index is one letter."""
        return self.form.added == 0 and [k for k, _ in self.form.letters] == [1]


def settle(letters: Sequence[Letter], reads: Sequence[Read]) -> None:
    """Find how far the letters run. Raises Fault where that is not told."""
    for one in letters:
        if one.unread:
            mend = "Write numbers, sizes of what is declared and their sums: n-1; x: data[2*n] has a half of n entries."
            raise Fault(f"the limit {one.unread} is not read.", mend, one.at)
        one.first = next((low.added for low in one.lows if not low.letters), None)
        one.last = next((high.added for high in one.highs if not high.letters), None)
    waiting = [one for one in letters if one.first is None or one.last is None]
    while waiting:
        ready = [one for one in waiting if _by_reads(one, reads, alone=True)]
        ready = ready or [one for one in waiting if _by_limits(one, letters)]
        ready = ready or [one for one in waiting if _by_reads(one, reads, alone=False)]
        if not ready:
            names = " and ".join(dict.fromkeys(one.name for one in waiting))
            name = waiting[0].name
            raise Fault(f"how far {names} runs is not said.", rf"Write its limits: \sum_{{{name}=1}}^{{n}}.", waiting[0].at)
        waiting = [one for one in waiting if one.first is None or one.last is None]


def _by_reads(letter: Letter, reads: Sequence[Read], alone: bool) -> bool:
    """Let a letter run as far as what is read by it has entries; whether that is known now.

    alone   by it and nothing else; otherwise by letters all of which are known but this one.
    """
    lows, highs = list[Expr](), list[Expr]()
    for read in reads:
        k, others = read.form.of(letter), [one for _, one in read.form.letters if one is not letter]
        known = not others if alone else all(one.first is not None and one.last is not None for one in others)
        if k == 0 or not read.sure or not known:
            continue
        least = next(ends(read.form.at(letter, _ZERO), False), None)
        most = next(ends(read.form.at(letter, _ZERO), True), None)
        if least is None or most is None:
            continue
        near, far = (read.first - least) / k, (read.last - most) / k
        low, high = (_up(near), _down(far)) if k > 0 else (_up(far), _down(near))
        if low is None or high is None:
            fault = f"how far {letter.name} runs is no whole number of sizes: {read.text} is read."
            raise Fault(fault, f"Write its limits, and declare {read.axis[0]} with a size that is made of them: 2*n.", read.at)
        lows.append(low)
        highs.append(high)
    if not lows:
        return False
    low, high = _greatest(lows), _least(highs)
    if (low is None and letter.first is None) or (high is None and letter.last is None):
        several = " and ".join(map(shown, dict.fromkeys(highs if high is None else lows)))
        fault = f"how far {letter.name} runs is not clear: what it reads ends at {several}."
        raise Fault(fault, rf"Write its limits: \sum_{{{letter.name}=1}}^{{n}}.", letter.at)
    from_one = any(read.first == 1 for read in reads if read.form.of(letter))
    if letter.first is None and low is not None and low != 1 and proven(-low) and from_one:
        fault = f"from where {letter.name} runs is not said: there are entries for {letter.name} = {shown(low)} as well."
        raise Fault(fault, rf"Write its limits: \sum_{{{letter.name}=1}}^{{n}}, {letter.name} = 1, \ldots, n.", letter.at)
    letter.found = not alone or any(end != own for several, own in ((lows, low), (highs, high)) for end in several)
    letter.first = low if letter.first is None else letter.first
    letter.last = high if letter.last is None else letter.last
    return True


def _by_limits(letter: Letter, letters: Sequence[Letter]) -> bool:
    """Let a letter that limits compare with another one run as far as that one does."""
    for one in letters:
        compared = any(len(form.letters) == 1 and form.of(letter) == 1 for form in (*one.lows, *one.highs))
        if compared and one.first is not None and one.last is not None:
            letter.first = one.first if letter.first is None else letter.first
            letter.last = one.last if letter.last is None else letter.last
            return True
    return False


def require_entries(reads: Iterable[Read]) -> None:
    """Raise Fault where something is read that has no entry."""
    for read in reads:
        if not read.sure:
            continue
        for upper, end in ((False, read.first), (True, read.last)):
            several = list(ends(read.form, upper))
            if any(proven(sp.expand(end - one if upper else one - end)) for one in several):
                continue
            name = read.axis[0]
            at = shown(several[0]) if several else "another place"
            fault = f"{read.text} reads entry {at} of {name}, which has the entries {shown(read.first)} to {shown(read.last)}."
            raise Fault(fault, _mend(read), read.at)


def _mend(read: Read) -> str:
    """How far the first letter of an index may run."""
    for k, letter in read.form.letters:
        rest = read.form.at(letter, _ZERO)
        least, most = next(ends(rest, False), None), next(ends(rest, True), None)
        if abs(k) != 1 or least is None or most is None:
            continue
        near, far = (read.first - least, read.last - most) if k == 1 else (most - read.last, least - read.first)
        near, far = sp.expand(near), sp.expand(far)
        low = shown(_greatest([near, *([letter.first] if letter.first is not None else [])]) or near)
        high = shown(_least([far, *([letter.last] if letter.last is not None else [])]) or far)
        limits = rf"\sum_{{{letter.name}={low}}}^{{{high}}}"
        return f"Let {letter.name} run from {low} to {high}, {limits}, or write cases for what stands beyond."
    return f"Declare {read.axis[0]} with a size that is made of those of its indices: 2*n."


def ends(form: Form, upper: bool, depth: int = DEEPEST) -> Iterator[Expr]:
    """Bounds of a form from one side, by the limits of its letters one after the other, the innermost first."""
    if not form.letters:
        yield form.added
        return
    if depth == 0:
        return
    for k, letter in reversed(form.letters):
        highest = (k > 0) == upper
        hull = letter.last if highest else letter.first
        limits = [] if hull is None else [Form((), hull)]
        for other in [*(one for one in (letter.highs if highest else letter.lows) if one.letters), *limits]:
            yield from ends(form.at(letter, other), upper, depth - 1)


def _greatest(several: Sequence[Expr]) -> Expr | None:
    return next((one for one in several if all(proven(sp.expand(one - other)) for other in several)), None)


def _least(several: Sequence[Expr]) -> Expr | None:
    return next((one for one in several if all(proven(sp.expand(other - one)) for other in several)), None)


def _down(value: Expr) -> Expr | None:
    """The largest whole number not above: of 2 n / 2 + 1 / 2 it is n; None where that is none of sizes."""
    value = sp.expand(value)
    number, rest = value.as_coeff_Add()
    whole = all(term.as_coeff_Mul()[0].is_Integer and not sp.denom(term).free_symbols for term in sp.Add.make_args(rest))
    return sp.floor(number) + rest if whole else None


def _up(value: Expr) -> Expr | None:
    down = _down(-sp.expand(value))
    return None if down is None else -down


def shown(value: Expr) -> str:
    """A number of sizes as it is written: n - K + 1."""
    terms = sorted(sp.Add.make_args(sp.expand(value)), key=lambda t: (t.is_number, bool(t.could_extract_minus_sign()), str(t)))
    return "".join((" - " if t.could_extract_minus_sign() else " + ") + str(abs(t)) if k else str(t) for k, t in enumerate(terms))


_ZERO = Form((), S.Zero)
