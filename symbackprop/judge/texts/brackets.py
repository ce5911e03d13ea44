"""Brackets in a text of claims."""

from __future__ import annotations

import re

BRACKETS = (
    (r"\(", r"\)"), (r"\[", r"\]"), (r"\{", r"\}"), (r"\\begin\b", r"\\end\b"), (r"\\left\b", r"\\right\b"),
    (r"\\langle\b", r"\\rangle\b"),
)  # fmt: skip


def is_balanced(text: str) -> bool:
    """Whether every bracket and environment that a text opens is closed in it."""
    return all(len(re.findall(opens, text)) == len(re.findall(shuts, text)) for opens, shuts in BRACKETS)
