"""Numbers as they are written, and formulas that are made of nothing else."""

from __future__ import annotations

import re

_WORDS = r"\\(?:[dt]?frac|sqrt|pi|cdot|times|left|right|ln|log|exp|begin\{[pb]matrix\}|end\{[pb]matrix\}|\\|[ ,;:!])"
PLAIN = re.compile(
    rf"(?:{_WORDS}|(?:np\.)?(?:array|float|asarray|zeros|ones)\b|(?<=[\d.])e[-+]?\d+|[-+*/^().,\[\]{{}}&\d\s]|\^\\?T\b|\^\\top)+$"
)
_FUNCTIONS = re.compile(r"(?<![A-Za-z\\])e\s*\^|\\?(?:exp|sigma|tanh|ln|log|sigmoid|sqrt)(?![A-Za-z])")
_ROUNDED = re.compile(r"\d*\.\d{2,}")


def is_of_numbers(text: str) -> bool:
    r"""Whether a formula is made of numbers, \frac{1}{1 + e^{-0.38}}."""
    return PLAIN.match(_FUNCTIONS.sub("^", text).replace("^ ^", "^").strip(" .,;")) is not None


def is_rounded(text: str) -> bool:
    """Whether it is made of numbers of which one has digits that may have been rounded."""
    return is_of_numbers(text) and _ROUNDED.search(text) is not None
