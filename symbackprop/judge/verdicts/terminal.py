"""A verdict in a terminal with colours: what differs is underlined as well, so that it is seen without them."""

from __future__ import annotations

import re
from typing import Any

BAD, GOOD, DOUBT, QUIET = "bold red", "green", "yellow", "dim"
_MARKED = re.compile(r"⟦([^⟦⟧]*)⟧")


def coloured(lines: list[tuple[str, str]]) -> Any:
    """Lines, each with its style, as a text of rich; what stands in ⟦ ⟧ is underlined."""
    from rich.text import Text

    whole = Text()
    for line, style in lines:
        end = 0
        for mark in _MARKED.finditer(line):
            whole.append(line[end : mark.start()], QUIET if style == QUIET else "")
            whole.append(mark.group(1), f"{style} underline")
            end = mark.end()
        whole.append(line[end:], style if not end else "")
        whole.append("\n")
    whole.rstrip()
    return whole
