"""Texts as they were pasted, out of a page of Markdown."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)


def unfenced(text: str) -> str:
    """A text, of which only what stands between the fences of Markdown is left, where it has any, and headings; places stay."""
    lines = text.splitlines()
    if not any(map(_FENCE.match, lines)):
        return text
    inside, found = False, []
    for line in lines:
        fence = _FENCE.match(line)
        inside ^= fence is not None
        found.append("" if fence or not (inside or line.startswith("#")) else line)
    return "\n".join(found)


def without_fences(text: str) -> str:
    """A text with the lines blank by which Markdown begins and ends a block of code; places stay."""
    return _FENCE.sub("", text)
