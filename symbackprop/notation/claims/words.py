r"""What a word may name: W_1, W1, W^{[1]}, W^{(1)} are one name; \hat y is yhat, y_hat or y_pred; \lambda is lam.

A word's scripts are parts of its name, indices, or a power, and only the declared names tell which. Of several ways the one that
puts most into the name is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from symbackprop.formulas.latex import latex as typeset
from symbackprop.formulas.names import parse_name
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.places import joined
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import GREEK, Token, bare, plain, tokens

_SPELLINGS = {
    "lambda": ("lam", "lamda", "lambda_", "lambd", "reg"), "epsilon": ("eps", "varepsilon"), "varepsilon": ("eps", "epsilon"),
    "ell": ("l", "loss"), "gamma": ("gam",), "alpha": ("alp",), "sigma": ("sig",), "theta": ("th",),
    "varphi": ("phi",), "phi": ("varphi",), "vartheta": ("theta",), "varrho": ("rho",),
}  # fmt: skip
_ACCENTED = {
    "hat": ("hat", "h", "pred", "_hat"),
    "bar": ("bar", "b", "mean"),
    "tilde": ("tilde", "t", "til"),
    "dot": ("dot",),
    "ddot": ("ddot",),
}
TRANSPOSES = frozenset([r"\top", "T", "t"])
_NUMBERS = frozenset(["t", "l", r"\ell", r"\tau"])  # letters that number tensors, rather than entries
BEFORE = frozenset(["t-1", "k-1", "n-1", "l-1"])  # the step before: h_{t-1} is h_prev
MARKS = {"*": "star", r"\star": "star", "+": "plus", "-": "minus"}  # behind a ^
_OWN = frozenset("deg")  # small letters that mean an error or a gradient, never a row of D, E, G; their entries they may be
MOST_COUNTED = 8  # tensors of a family of which a sum may take any number
BLOCKS = " by blocks"  # ends the name of a view, which nobody reads
_ENDS = re.compile(rf"{BLOCKS}$| of [a-zA-Z,]+$")  # and those of a view, and of a name with its letters
ROW = re.compile(r"(\w+)\[(:, ?)?(\w)\]")  # a row or a column of a matrix in a person's table
VARIANCES = ("var", "variance", "var_1", "sigma2", "sigma_sq", "sigmasq", "sigma_squared")  # \sigma^2 by names of code
BATCH = "B"  # below the means of a batch, \mu_{\mathcal{B}}, which is no index
LAYER = re.compile(r"(\w[^^]*)\^[(\[]?(\d+|[A-Z]|\w{2,})[)\]]?")  # a name that a step gives at a layer: delta^(2)
WHOLE = frozenset([":", r"\cdot", "*"])  # an index that leaves its axis whole


class Found(NamedTuple):
    """A tensor that a word names.

    index    the tokens of its indices; () for the whole tensor.
    power    what of the superscript is left.
    sample   the letter or number of x^{(i)}, which picks a row of a data matrix.
    row      whether the indices pick a row of a matrix that is declared with a capital letter.
    """

    name: str
    index: Tokens = ()  # type: ignore[assignment]  # the indices, not the method of tuples
    power: Tokens = ()
    sample: Tokens = ()


class Names:
    """The names of the tensors, of the sizes, and a person's own table.

    known     the tensors, with their numbers of axes.
    sizes     the names of sizes.
    symbols   LaTeX -> the name of a tensor or size, a number, or a row or column of a matrix: X[n], X[:, n].
    views     a tensor -> the name of its view, and how many indices pick one.
    lettered  a name -> what it is at each of several letters: delta_k and delta_j.
    """

    def __init__(
        self,
        known: Mapping[str, int],
        sizes: Iterable[str],
        symbols: Mapping[str, str],
        aliases: Mapping[str, str],
        views: Mapping[str, tuple[str, int]] | None = None,
        lettered: Mapping[str, Mapping[tuple[str, ...], str]] | None = None,
    ) -> None:
        self.known, self.views, self.lettered = dict(known), dict(views or {}), dict(lettered or {})
        self.sizes = frozenset(sizes)
        self.folded_sizes = {folded(s): s for s in self.sizes if "_" in s}  # d_k
        self.aliases = dict(aliases)
        self.spelled: dict[str, str] = {}
        self.families: dict[str, dict[int, str]] = {}
        for name in (*known, *aliases):
            self.enter(name, self.aliases.get(name, name))
        self.symbols = {symbol_key(key): value.strip() for key, value in symbols.items()}

    def enter(self, spelling: str, name: str) -> None:
        """One more tensor, or one more name of one."""
        self.spelled.setdefault(folded(spelling), name)
        self.spelled[spelling] = name
        layer = LAYER.fullmatch(spelling)
        if layer and layer[2] not in TRANSPOSES:
            self.also(f"{layer[1]}_{layer[2]}", name)
        if marked := re.fullmatch(r"(\w+)\^([*+-])", spelling):  # j^* that a step gave
            self.also(f"{marked[1]}_{MARKS[marked[2]]}", name)
        member = re.fullmatch(r"(.*?[A-Za-z])_?(\d+)", spelling)
        if member:
            self.families.setdefault(folded(member[1]), {})[int(member[2])] = name

    def also(self, spelling: str, name: str) -> None:
        """Another name of a tensor, which numbers nothing."""
        self.spelled.setdefault(folded(spelling), name)
        self.spelled.setdefault(spelling, name)

    def counts(self) -> set[int]:
        """How many tensors an index may run over."""
        several = {len(members) for members in self.families.values()}
        return {n for m in several for n in (range(1, m + 1) if m <= MOST_COUNTED else (m - 1, m))}

    def named(self, spelling: str) -> str | None:
        """The tensor of a spelling, or None."""
        short = folded(spelling)
        if short != spelling and short in GREEK:  # x_i is no xi
            return self.spelled.get(spelling)
        return self.spelled.get(spelling) or self.spelled.get(short)

    def size(self, word: Word) -> str | None:
        """The size that a word names, or None."""
        text = word.base + plain(word.sub)
        return next((s for s in (text, folded(text)) if s in self.sizes), self.folded_sizes.get(folded(text)))

    def symbol(self, word: Word) -> tuple[str, Tokens, Tokens] | None:
        """What a person's table says of a word, with the subscript and the superscript that it leaves over."""
        b, sub, sup, primes = accented(word), plain(word.sub), plain(word.sup), "'" * word.primes
        rows = (
            (b, sub, sup + primes, (), ()),
            (b, sub, primes, (), word.sup),
            (b, "", sup + primes, word.sub, ()),
            (b, "", primes, word.sub, word.sup),
        )
        for base, low, high, left_sub, left_sup in rows:
            key = (base, low, high)
            if key in self.symbols:
                return self.symbols[key], left_sub, left_sup
        for (base, low, high), value in self.symbols.items():  # x_n in the table says what x_i is
            row = ROW.fullmatch(value)
            letter = sub if low else plain(word.sup).strip("()[]")
            if row and base == b and row[3] in (low, high.strip("()[]")) and len(letter) == 1 and letter.isalpha():
                return f"{row[1]}[{row[2] or ''}{letter}]", (), word.sup if low else ()
        return None

    def family(self, word: Word) -> tuple[dict[int, str], Tokens, Tokens] | None:
        """The tensors x_1, x_2, ... of x_t, with the tokens that number them and those that are left; None where there are none.

        A family has two members or more, of which none has the name alone.
        """
        number, _, power = self._label(word.sup)
        index = () if number else bare(word.sub)
        if not number:
            first = next((k for k, t in enumerate(index) if t.text == ","), len(index))
            number, index = index[:first], index[first + 1 :]
            power = word.sup
        if not any(t.text.isalpha() and len(t.text) == 1 for t in number):
            return None
        for base in bases(word):
            members = self.families.get(folded(base), {})
            if len(members) > 1 and self.named(base) is None:
                return members, tuple(number), (*index, *_SEPARATOR, *power)
        return None

    def lookup(self, word: Word) -> Found | None:
        """The tensor that a word names, with what its scripts still say; None where it names none."""
        return next(iter(self.candidates(word)), None)

    def candidates(self, word: Word) -> Iterator[Found]:
        """The ways to read a word as a tensor, the likeliest first."""
        own = bases(word)
        yield from self._marked(own, word)
        capitals = [b[0].upper() + b[1:] for b in own if len(word.base) == 1 and b[0].islower()]
        for base in (*own, *capitals):
            for spelling, index, power, sample in self._ways(base, word):
                name = self.named(spelling)
                is_entry = len(index) > 1 and all(t.text.isalpha() or t.text == "," for t in index)  # and not that of e_{t_n}
                if base in capitals and not (is_entry if own[0] in _OWN else index or sample):
                    continue  # x_n is a row of X, but x is not X
                view = self._view(name, index) if name is not None and not sample else None
                view = view or (self._at_letters(name, index) if name is not None and not sample else None)
                if name is not None and (view or self._indexable(name, index, sample)):
                    yield Found(view or name, index, power, sample)

    def _marked(self, own: Sequence[str], word: Word) -> Iterator[Found]:
        r"""What a word with a mark names: w^*, \theta', s^+, where a tensor has the mark in its name."""
        sup = bare(word.sup)
        mark = "prime" if word.primes == 1 else MARKS.get(sup[0].text, "") if sup and not word.primes else ""
        rest = sup if word.primes else sup[1:]
        if mark and (not rest or rest[0].text in TRANSPOSES):
            names = [self.named(f"{base}_{mark}") for base in own]
            yield from (Found(name, bare(word.sub), rest) for name in names if name and self._indexable(name, bare(word.sub), ()))

    def _indexable(self, name: str, index: Tokens, sample: Tokens) -> bool:
        rank = self.known[name] - bool(sample)
        if index and all(t.text in MARKS for t in index):  # k_+ is a letter of its own
            return False
        return (not index and not sample) or len(joined(indices(index) or (), rank)) <= rank

    def _view(self, name: str, index: Tokens) -> str | None:
        """The view of a tensor that indices pick: as many as a legend says, or more than the tensor has."""
        view, count = self.views.get(name, ("", 0))
        several = len(indices(index) or ())
        return view if several and view and (several == count or self.known[name] < several <= self.known[view]) else None

    def _at_letters(self, name: str, index: Tokens) -> str | None:
        """What a name is at the letters below it, where several steps gave it at letters of their own."""
        if name not in self.lettered:
            return None
        return self.lettered[name].get(tuple("".join(t.text for t in part) for part in indices(index) or ()))

    def _label(self, several: Tokens) -> tuple[Tokens, str, Tokens]:
        """The label (2) or [2] that a superscript begins with: its tokens, its text, and the rest of the superscript."""
        sup = bare(several)
        if sup and sup[0].text in ("(", "["):
            for k, token in enumerate(sup):
                if token.text in (")", "]"):
                    inner = sup[1:k]
                    return inner, plain(inner), sup[k + 1 :]
        return (), "", sup

    def _ways(self, base: str, word: Word) -> Iterator[tuple[str, Tokens, Tokens, Tokens]]:
        sub, sup = _labelled(word.sub), bare(word.sup)
        if plain(sub) == BATCH and BATCH not in self.sizes and self.named(f"{base}_{BATCH}") is None:
            sub = ()
        inner, label, after = self._label(word.sup)
        if label:
            sample, other, rest = self._label(after)
            if other:  # A^{[2](i)}, x^{(i)[2]}: a layer and a sample
                yield f"{base}{label}", sub, rest, sample
                yield f"{base}{other}", sub, rest, inner
            if sub:
                yield f"{base}{label}{plain(sub).replace(',', '')}", (), after, ()
            yield f"{base}{label}", sub, after, ()
            if re.fullmatch(r"[a-zA-Z]|\d+", label):
                for spelling, index, power, _ in self._below(base, sub, after):
                    yield spelling, index, power, inner
            return
        yield from self._below(base, sub, sup)
        power = plain(sup)
        numbered = bool(sub) and sub[0].text in _NUMBERS and len(self.families.get(folded(base), {})) > 1  # h_t^2 is a square
        if re.fullmatch(r"\d+|[A-Za-z]", power) and self.named(base) is None and not numbered and power not in TRANSPOSES:
            yield f"{base}_{power}", sub, (), ()
        if base == "sigma" and re.fullmatch(r"-?\d", power) and self.named("sigma") is None:  # \sigma^4 is the square of \sigma^2
            exponent = () if power == "2" else tuple(Token(t, sup[0].at) for t in _halved(int(power)))
            yield from ((own, sub, exponent, ()) for own in VARIANCES)
        elif len(sup) > 1 and sup[0].text.isdigit() and plain(sup[1:]) in ("T", "top") and self.named(base) is None:
            yield f"{base}_{sup[0].text}", sub, sup[1:], ()

    def _below(self, base: str, sub: Tokens, sup: Tokens) -> Iterator[tuple[str, Tokens, Tokens, Tokens]]:
        if not sub:
            yield base, (), sup, ()
            return
        yield f"{base}_{plain(sub)}", (), sup, ()
        if plain(sub) in BEFORE:
            yield f"{base}_prev", (), sup, ()
            yield f"{base}p", (), sup, ()
        for k in range(len(sub) - 1, 0, -1):  # the name first, then the indices: z_{1,i}, W_{hh,ij}
            rest = sub[k + 1 :] if sub[k].text == "," else sub[k:]
            if rest and rest[0].text not in "+-":
                yield f"{base}_{plain(sub[:k])}", rest, sup, ()
        for k in range(1, len(sub)):  # the indices first: x_{i,1}
            if sub[k].text == ",":
                yield f"{base}_{plain(sub[k + 1 :])}", sub[:k], sup, ()
        yield base, sub, sup, ()


_SEPARATOR = (Token("", 0),)


def _halved(power: int) -> tuple[str, ...]:
    """Half of a power, as the tokens of a superscript."""
    sign, whole = ("-",) * (power < 0), abs(power)
    return (*sign, str(whole // 2)) if whole % 2 == 0 else (*sign, str(whole), "/", "2")


def _labelled(sub: Tokens) -> Tokens:
    """A subscript without braces, but for those around what stands below a label: y_{t-1}."""
    own = bare(sub)
    if not any(t.text in ("_", "^") for t in own):
        return own
    found: list[Token] = []
    inner = sub[1:-1] if sub[0].text == "{" and sub[-1].text == "}" else sub
    depth = 0
    for before, token in zip((Token("", 0), *inner), inner, strict=False):
        depth += token.text == "{" and (depth > 0 or before.text == "_")
        if depth or token in own:
            found.append(token)
        depth -= token.text == "}" and depth > 0
    return tuple(found)


def split_family(left: Tokens) -> tuple[Tokens, Tokens]:
    """The indices and the power that `Names.family` leaves."""
    k = left.index(_SEPARATOR[0])
    return left[:k], left[k + 1 :]


def by_letters(name: str, letters: Sequence[str]) -> str:
    """The name, which nobody reads, of what a name is at some letters."""
    return f"{name} of {','.join(letters)}"


def stem(name: str) -> str:
    """The name that people read of a view, or of what a name is at some letters; of any other, itself."""
    return _ENDS.sub("", name)


def folded(spelling: str) -> str:
    """A spelling without underscores, so that W_1 and W1 are one; capital and small letters stay two."""
    return spelling.replace("_", "").replace(",", "")


def accented(word: Word) -> str:
    """The base of a word with its accent."""
    return f"\\{word.accent}{word.base}" if word.accent else word.base


def bases(word: Word) -> list[str]:
    """The spellings of a word without its scripts."""
    plain_bases = [word.base, *_SPELLINGS.get(word.base, ())]
    if not word.accent:
        return plain_bases
    marks = _ACCENTED[word.accent]
    own = f"{word.accent} {word.base}"  # a name that the claim itself gives
    return [*(b + m for b in plain_bases for m in marks), *(marks[0] + b for b in plain_bases), own]


def symbol_key(latex: str) -> tuple[str, str, str]:
    """The key of a person's table as (base, subscript, superscript); a letter may be called by its name, sigma or yhat."""
    if re.fullmatch(r"[a-zA-Z]\w+", latex):
        latex = typeset(parse_name(latex).formula())
    try:
        word = syntax(tokens(latex))
    except Fault as fault:
        raise Fault(f"symbols: {latex!r}: {fault.fault}", "Its keys are letters with scripts, such as \\mathbf{w}.") from None
    if not isinstance(word, Word):
        raise Fault(f"symbols: {latex!r} is no letter with scripts.", "Its keys are letters with scripts, such as \\mathbf{w}.")
    return accented(word), plain(word.sub), plain(word.sup) + "'" * word.primes


def indices(several: Sequence[Token]) -> list[Tokens] | None:
    r"""Subscript tokens as indices: letters, numbers, sums such as i+k-1, : or \cdot for a whole axis; None where they are none."""
    own = tuple(part for token in bare(several) for part in _parted(token))
    if all(re.fullmatch(r"[a-zA-Z]|\\ell|\d+", t.text) for t in own):
        return [(t,) for t in own]
    parts: list[list[Token]] = [[]]
    for token in own:
        if token.text == ",":
            parts.append([])
        elif re.fullmatch(r"[a-zA-Z]|\\ell|\d+|[-+:]|'", token.text):
            parts[-1].append(token)
        else:
            return None
    split: list[Tokens] = []
    for part in parts:
        if part and all(t.text not in "+-" for t in part):
            split += [(t,) for t in part]
        elif part:
            split.append(tuple(part))
    return split


def _parted(token: Token) -> tuple[Token, ...]:
    """A colon is an index by itself, with or without commas: P_{i:}, X_{:,j}."""
    if token.text not in WHOLE:
        return (token,)
    comma = Token(",", token.at)
    return comma, Token(":", token.at), comma


def described(word: Word) -> str:
    """The word as a person reads it, without backslashes: delta_2, hat y."""
    mark = f"{word.accent} " if word.accent else ""
    sub, sup = plain(word.sub), plain(word.sup)
    return mark + word.base + (f"_{sub}" if sub else "") + (f"^{sup}" if sup else "") + "'" * word.primes


def latex_of(name: str) -> str:
    r"""A name that a claim gives, as LaTeX: \hat{y} of hat y."""
    accent, _, base = name.rpartition(" ")
    return rf"\{accent}{{{base}}}" if accent else name


def how_to_call(name: str) -> str:
    """How a person says what a letter is, as a mend ends: --call beta=NAME, or symbols={'beta': 'NAME'} in Python."""
    spelled = latex_of(name)
    quote = '"' if "'" in spelled else "'"
    shell = f"{spelled}=NAME" if re.fullmatch(r"\w+", spelled) else f"{quote}{spelled}=NAME{quote}"
    key = f"{'r' if spelled != name else ''}{quote}{spelled}{quote}"
    return f"--call {shell}, or symbols={{{key}: 'NAME'}} in Python"


def has_label(word: Word) -> bool:
    """Whether the subscript is more likely part of a name than an index."""
    text = plain(word.sub)
    return bool(re.fullmatch(r"\d+|[a-zA-Z]{2,}|[A-Z]|l|L|(?:o|out|h)\d*|[-+*]", text))
