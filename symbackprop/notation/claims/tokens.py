r"""The tokens of a claim in LaTeX: spelling variants are one token, layout is none.

`\dfrac` is `\frac`, `\left(` is `(`, `\,` and `$` are nothing, and what is typed as it looks on the page (σ, ŷ, W₁, xᵀ) is its
macro.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.grammar import DIGITS

LONGEST = 20_000  # characters of a claim
MOST = 4_000  # tokens of a claim


class Token(NamedTuple):
    """One macro, number, letter or sign, and the character where it begins."""

    text: str
    at: int


RELATIONS = frozenset(["<", ">", r"\leq", r"\geq", "=", r"\neq", r"\in"])
GREEK = frozenset([
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "pi", "rho", "varrho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi",
    "omega", "ell", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
])  # fmt: skip
_MACROS = (
    "frac", "sqrt", "partial", "nabla", "sum", "prod", "odot", "circ", "cdot", "times", "top", "quad", "left", "right", "hat",
    "leftarrow", "mathrm", "operatorname",
)  # fmt: skip
_ALIKE = 0.65  # of 1, as difflib counts
FONTS = frozenset([
    "mathbf", "boldsymbol", "bm", "pmb", "mathrm", "mathcal", "mathsf", "mathit", "mathtt", "mathfrak", "mathscr",
    "mathnormal", "vec", "underline", "rm", "bf", "it", "textbf", "textit", "textrm", "texttt", "text", "mbox", "hbox",
    "operatorname", "operatorname*", "mathop", "ensuremath",
])  # fmt: skip
WORDS = frozenset([
    "mathrm", "text", "mbox", "hbox", "textrm", "textbf", "textit", "texttt", "operatorname", "operatorname*", "mathop",
    "mathsf", "mathtt", "mathit", "rm",
])  # fmt: skip
ACCENTS = {
    "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde",
    "dot": "dot", "ddot": "ddot",
}  # fmt: skip
_LAYOUT = frozenset([
    r"\,", r"\;", r"\!", r"\:", r"\quad", r"\qquad", r"\displaystyle", r"\textstyle", r"\scriptstyle", r"\nonumber",
    r"\notag", r"\limits", r"\nolimits", r"\left", r"\right", r"\middle", r"\big", r"\Big", r"\bigg", r"\Bigg", r"\bigl",
    r"\bigr", r"\Bigl", r"\Bigr", r"\biggl", r"\biggr", r"\Biggl", r"\Biggr", r"\bigm", r"\mathstrut", r"\strut", r"\hfill",
    r"\allowbreak", r"\thinspace", r"\medspace", r"\enspace", r"\mathopen", r"\mathclose", r"\mathbin", r"\mathrel",
    r"\mathord", r"\blacksquare", r"\square", r"\qed", r"\qedhere", r"\qedsymbol", r"\checkmark",
    r"\(", r"\)", r"\[", r"\]", r"~", r"$", "\\ ", "\\\n",
])  # fmt: skip
_SAME = {
    r"\lbrace": r"\{", r"\rbrace": r"\}", r"\lvert": "|", r"\rvert": "|", r"\vert": "|", r"\lVert": r"\|", r"\rVert": r"\|",
    r"\Vert": r"\|", r"\lbrack": "[", r"\rbrack": "]", r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\cfrac": r"\frac",
    r"\dbinom": r"\binom", r"\tbinom": r"\binom",
    r"\le": r"\leq", r"\ge": r"\geq", r"\leqslant": r"\leq", r"\geqslant": r"\geq", r"\ne": r"\neq", r"\lt": "<", r"\gt": ">",
    r"\coloneqq": "=", r"\equiv": "=", r"\triangleq": "=", r"\intercal": r"\top", r"\transpose": r"\top", r"\tran": r"\top",
    r"\hadamard": r"\odot", r"\circ": r"\odot", r"\ast": "*", r"\div": "/", r"\wedge": r"\land", r"\vee": r"\lor", r"\prime": "'",
    r"\lparen": "(", ":=": "=", "=:": "=", r"\eqqcolon": "=",
    r"\rparen": ")", r"\mathds": r"\mathbb", r"\mathbbm": r"\mathbb", r"\bold": r"\mathbf", r"\bullet": r"\cdot", r"\sgn": r"\sign",
    "**": "^", r"\newline": r"\\", r"\cr": r"\\", r"\differential": r"\mathrm",
}  # fmt: skip
_TYPED = {
    "−": "-", "–": "-", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "×": r"\times ", "⊙": r"\odot ",
    "∘": r"\odot ", "⊗": r"\otimes ",
    "∗": "*", "⋆": r"\star ", "ᵀ": r"^\top ", "⊤": r"\top ", "∂": r"\partial ", "∇": r"\nabla ", "∑": r"\sum ", "Σ": r"\Sigma ",
    "√": r"\sqrt ", "∏": r"\prod ", "∈": r"\in ", "ℝ": r"\mathbb{R}", "∞": r"\infty ", "…": r"\ldots ", "∥": r"\|",
    "≤": r"\leq ", "≥": r"\geq ", "≠": r"\neq ", "÷": "/", "′": "'", "’": "'", "ℓ": r"\ell ",
    "𝟙": r"\mathbb{1}", "𝟏": r"\mathbf{1}",
    "‖": r"\|",
    "⟨": r"\langle ", "⟩": r"\rangle ", "½": r"\frac12 ", "\u0302": "", "ϵ": r"\epsilon ", "ε": r"\varepsilon ",
    "φ": r"\varphi ", "ϕ": r"\phi ",
}  # fmt: skip
_ABOVE = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
_RAISED = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ",
        "0123456789-+()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRUVW",
        strict=True,
    )
)
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₋₊ᵢⱼₖₗₘₙₜₚₛₓₕ", "0123456789-+ijklmntpsxh", strict=True))
_BARE = (  # words of functions that are typed as they are spoken, before a bracket
    "diag|softmax|sigmoid|tanh|exp|log|relu|ReLU|trace|tr|rowsum|colsum|rowmean|colmean|sum|mean|sqrt|sign|vec|logsumexp|softplus|prod"
)
_SUM = re.compile(  # a sum along rows or columns as NumPy writes it
    r"(?<![\\\w])(?:np\.)?(sum|mean)\s*\(((?:[^()]|\([^()]*\))*?),\s*axis\s*=\s*([01])\s*(?:,\s*keepdims\s*=\s*(?:True|1)\s*)?\)"
)
_POWER = re.compile(r"\^\((⊙[^()]*)\)")  # of each entry, as a report in plain text has it: z^(⊙2)
_TRANSPOSED = re.compile(r"(?<=[A-Za-z0-9)\]}])\.T(?![A-Za-z0-9_])")  # W.T, as code has it
_SET_TO = re.compile(r"\\(?:stackrel|overset)\s*\{(?:[^{}]|\{[^{}]*\})*\}\s*(?:\{\s*=\s*\}|=)")  # \overset{!}{=}
_GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"
_BRACE = re.compile(rf"\\(?:under|over)brace\s*(?P<body>{_GROUP})(?:\s*[_^]\s*(?:{_GROUP}|\\[A-Za-z]+|\w))?")
_TWICE = re.compile(r"\\nabla\s*\\nabla(?:\s*\^\s*\{?\s*(?:\\top|T)(?![A-Za-z])\s*\}?)?(?!\s*_)")  # \nabla\nabla^T
_SPOKEN = re.compile(r"\\(?:text|texttt|mathtt|mathrm|operatorname)\s*\{\s*(np\.[a-z]+)\s*\}")  # \text{np.sum}
_TOKEN = re.compile(
    rf"(?<![\\\w])(?:np\.)?(?:{_BARE})(?=\s*\()|(?<![\\\w])diag(?=\s+\\?[A-Za-z])|"
    r"\\(?:begin|end)\s*\{[a-zA-Z]+\*?\}|\\operatorname\*|\\[a-zA-Z]+|\\.|\*\*|:=|=:|"
    r"\d+(?:\.\d+)?(?:[eE]-?\d+(?![\d.]*\s*[\\A-Za-z({]))?|\.\d+|\S",  # 1e-5; 2e+2\lambda has the value e
    re.DOTALL,
)


_RUNS_PRIMED = re.compile(r"\\(?:sum|prod|max|min)\s*(?:\\limits\s*)?_\s*\{?\s*([a-zA-Z])\s*('|\^\{\\prime\}|\^\\prime)")
_RARE = "vuqrslmpjikcahgobdefntxyzw"


def _without_primes(text: str) -> str:
    r"""Letters with a prime that a sum runs over, \sum_{k'} e^{z_{k'}}, as letters that stand nowhere else, in as much room."""
    for letter, prime in dict.fromkeys(_RUNS_PRIMED.findall(text)):
        free = next((c for c in _RARE if c not in re.sub(r"\\[A-Za-z]+", "", text)), None)
        if free is not None:
            each = rf"(?P<macro>\\[A-Za-z]+)|{letter}\s*{re.escape(prime)}"
            text = re.sub(each, lambda found, c=free: found[0] if found["macro"] else c.ljust(len(found[0])), text)
    return text


def tokens(text: str) -> list[Token]:
    """The tokens of a text.

    Raises Fault for a text that is too long or a character that no formula has.
    """
    if len(text) > LONGEST:
        raise Fault(
            f"the claim has {len(text):,} characters; at most {LONGEST:,} are read.", "Name its parts in steps of their own."
        )
    text = _TRANSPOSED.sub("^T", without_braces(text))
    text = _SET_TO.sub(lambda found: "=".ljust(len(found[0])), _POWER.sub(r"^{\1}", _without_primes(text)))
    text = _TWICE.sub(lambda found: r"\nabla^2 ".ljust(len(found[0])), text)
    found: list[Token] = []
    for start, spelled in _typed(_SUM.sub(_along, _SPOKEN.sub(lambda found: found[1].rjust(len(found[0])), text))):
        for match in _TOKEN.finditer(spelled):
            word = match.group()
            at = start + (match.start() if len(spelled) == 1 or text[start : start + len(spelled)] == spelled else 0)
            if word[0].isalpha() and len(word) > 1:
                found += [Token(part, at) for part in (r"\operatorname", "{", *word.removeprefix("np."), "}")]
                continue
            word = _SAME.get(word, word)
            if word in _LAYOUT or (word == "." and found and _is_layout(text, at)):
                continue
            if not word.isprintable():
                raise Fault(f"the character {word!r} has no meaning in a formula.", "Leave it out.", at)
            if word.lstrip(".")[:1].isdigit() and len(word) > DIGITS:
                raise Fault(f"a number of {len(word)} digits; at most {DIGITS} are read.", "Round it.", at)
            found.append(Token(word, at))
    if len(found) > MOST:
        raise Fault(f"the claim has {len(found):,} signs; at most {MOST:,} are read.", "Name its parts in steps of their own.")
    return _with_bars(found) if any(t.text == r"\norm" for t in found) else found


def _with_bars(several: Sequence[Token]) -> list[Token]:
    r"""Tokens with \|x\| for \norm{x}, the macro of papers."""
    found: list[Token] = []
    open_braces: list[bool] = []  # whether a norm opened them
    for k, token in enumerate(several):
        is_norm = token.text == "{" and k > 0 and several[k - 1].text == r"\norm"
        if token.text == r"\norm" and [t.text for t in several[k + 1 : k + 2]] == ["{"]:
            continue
        if token.text == "{":
            open_braces.append(is_norm)
        bars = is_norm or (token.text == "}" and bool(open_braces) and open_braces.pop())
        found.append(Token(r"\|", token.at) if bars else token)
    return found


def without_braces(text: str) -> str:
    r"""A text without braces above and below, \underbrace{a}_{=1}, and what they say; in as much room."""
    blank = str.maketrans(dict.fromkeys(map(chr, range(33, 127)), " "))

    def bare(found: re.Match[str]) -> str:
        begin, end = (k - found.start() for k in found.span("body"))
        return found[0][:begin].translate(blank) + without_braces(found["body"]) + found[0][end:].translate(blank)

    return _BRACE.sub(bare, text)


def _along(found: re.Match[str]) -> str:
    """A sum along an axis, as long as it was: np.sum(Z, axis=1) goes along the rows of Z."""
    return f"{'row' if found[3] == '1' else 'col'}{found[1]}({found[2]})".ljust(len(found[0]))


def _is_layout(text: str, at: int) -> bool:
    """Whether the point is the empty delimiter after \\left or \\right."""
    return text[:at].rstrip().endswith(("\\left", "\\right"))


def _typed(text: str) -> Iterable[tuple[int, str]]:
    """Stretches of the text with their place: plain ones as they stand, characters of the page as their macros."""
    text_left = re.sub(r"(?<!\\)%[^\n]*", lambda m: " " * len(m.group()), text)
    start = k = 0
    while k < len(text_left):
        character = text_left[k]
        above = _ABOVE.get(text_left[k + 1 : k + 2], "")
        if character.isascii() and not above:
            k += 1
            continue
        if start < k:
            yield start, text_left[start:k]
        last = k + 1
        if above:  # β̂, of two characters
            last += 1
            yield k, rf"\{above}{{{character if character.isascii() else _macro(character)}}}"
        elif character in _RAISED or character in _LOWERED:
            table, mark = (_RAISED, "^") if character in _RAISED else (_LOWERED, "_")
            while last < len(text_left) and text_left[last] in table:
                last += 1
            yield k, f"{mark}{{{''.join(table[c] for c in text_left[k:last])}}}"
        else:
            yield k, _macro(character)
        start = k = last
    if start < len(text_left):
        yield start, text_left[start:]


def _macro(character: str) -> str:
    if character in _TYPED:
        return _TYPED[character]
    parts = unicodedata.normalize("NFD", character)
    accent = _ABOVE.get(parts[1:], "")
    if accent and parts[0].isascii():
        return rf"\{accent}{{{parts[0]}}}"
    name = unicodedata.name(character, "").split()
    if name[:1] == ["GREEK"] and "LETTER" in name and len(name) == 4:
        greek = name[3].lower().replace("lamda", "lambda")
        greek = greek.capitalize() if name[1] == "CAPITAL" else greek
        if greek in GREEK:
            return f"\\{greek} "
    return character


def plain(several: Sequence[Token]) -> str:
    """Tokens as one string without braces, fonts and backslashes, to compare spellings."""
    return "".join(t.text.lstrip("\\") for t in several if t.text not in "{}" and t.text[1:] not in FONTS)


def bare(several: Sequence[Token]) -> tuple[Token, ...]:
    """The tokens without braces and fonts."""
    return tuple(t for t in several if t.text not in "{}" and not (t.text[0] == "\\" and t.text[1:] in FONTS))


def instead(macro: str, known: Iterable[str]) -> str:
    """What to write for a macro that is not read: the one of which a slip of the keyboard made it, where one is near."""
    near = get_close_matches(macro, [*_MACROS, *GREEK, *known], 1, _ALIKE)
    return f"Did you mean \\{near[0]}?" if near else "Write it with sums, products and the functions of the language."
