r"""Sentences that say that data sum to one: "since $\sum_k y_k = 1$", "because $y$ is one-hot"; as formulas of their own."""

from __future__ import annotations

import re

SUMS = "sumstoone"  # \\sumstoone = y; = * where a sentence does not say which
_BASE = r"\\?[A-Za-z]+"
_SUM = (
    r"\\sum\s*(?:\\limits\s*)?_\s*(?:(?P<k>[a-z])|\{\s*(?P<l>[a-z])\s*(?:=\s*\d\s*)?\})(?:\s*\^\s*(?:\w|\{[^{}]*\}))?\s*"
    rf"(?P<name>{_BASE})(?P<below>(?:\s*[_^]\s*(?:\w|\{{[^{{}}]*\}}))+)\s*"
)
_ONES = rf"(?:\\math\w+\s*)?\{{?\s*1\s*\}}?\s*\^\s*\{{?\s*\\?(?:T|top)\s*\}}?\s*(?P<own>{_BASE})\s*"
_IS_ONE = rf"(?:{_SUM}|{_ONES})=\s*1\s*"
FORMULA = re.compile(rf"\s*{_IS_ONE}[.,;]?\s*")
_BEHIND = re.compile(rf"\\(?:text|mbox)\s*\{{[^{{}}]*\b(?:since|because|as|using|with|where)\b[^{{}}]*\}}\s*{_IS_ONE}")
_BRACED = re.compile(rf"\\underbrace\s*\{{\s*(?:{_SUM}|{_ONES})\}}\s*_\s*\{{?\s*=?\s*1(?![\d.])")
_CUE = re.compile(
    r"\b(?:since|because|as|using|us(?:e|ed) (?:that|the fact)|assum\w+|suppose|with|where|recall(?:ing)?|not(?:e|ing)|fact|given|"
    r"know|that|so that)\b[^.;$]*(?:\$[^$]*\$[^.;$]*)*$",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"(?<!\$)\$(?!\$)([^$\n]+)\$(?!\$)")
_HOT = r"one[- ]hot"
_ENCODED = rf"{_HOT}(?:[- ]encoded)?"
_TO_ONE = r"(?:sums?|adds? up)\s+to\s+(?:one\b|1\b|\$1\$)"
_IN_WORDS = re.compile(
    rf"\$\s*(?P<a>{_BASE})(?:_\w)?\s*\$\s+(?:is|are|being)\s+(?:an?\s+|the\s+)?{_ENCODED}\b(?!\s+(?:\w+\s+){{0,3}}?(?:of|for)\s)"
    rf"|\b{_ENCODED}\s+(?:vectors?|labels?|targets?|encodings?)\s+\$\s*(?P<b>{_BASE})(?:_\w)?\s*\$"
    rf"|\$\s*(?P<c>{_BASE})\s*\$\s+{_TO_ONE}"
    rf"|\b(?:entries|components|elements)\s+of\s+\$\s*(?P<d>{_BASE})\s*\$\s+{_TO_ONE}"
    rf"|\b(?:labels|targets|the (?:target|label)(?: vector)?)\s+(?:{_TO_ONE}|(?:is|are)\s+(?:an?\s+)?{_HOT}\b)"
    rf"|\$\s*(?P<e>{_BASE})\s*\$\s*(?:가|이|는|은)\s*원[- ]?핫"
)


def with_sums(text: str) -> str:
    """A text in which what a sentence says to sum to one is a formula of its own."""

    def formula(found: re.Match[str]) -> str:
        said = FORMULA.fullmatch(found[1])
        name = summed(said) if said is not None and _CUE.search(text[max(0, found.start() - 200) : found.start()]) else ""
        return f"$\\{SUMS} = {name}$" if name else found[0]

    def words(found: re.Match[str]) -> str:
        name = next((one for one in found.groups() if one), "*")
        return f"$\\{SUMS} = {name}$" + "\n" * found[0].count("\n")

    text = _IN_WORDS.sub(words, _WITHIN.sub(formula, text))
    beside = [summed(found) for remark in (_BEHIND, _BRACED) for found in remark.finditer(text)]
    return text + "".join(f"\n\n$\\{SUMS} = {name}$\n" for name in dict.fromkeys(beside) if name)


def summed(found: re.Match[str]) -> str:
    """The name of what a formula says to sum to one, along its last axis; "" where it says another sum."""
    if found["own"]:
        return found["own"]
    below = re.findall(r"_\s*(\w|\{[^{}]*\})", found["below"])
    return found["name"] if len(below) == 1 and re.sub(r"[{}\s,]", "", below[0])[-1:] == (found["k"] or found["l"]) else ""
