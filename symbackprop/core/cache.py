"""The user's folder for what can be made again."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import cache
from pathlib import Path


def lasting_folder() -> Path | None:
    """The folder; None where there is none to write to."""
    if sys.platform == "darwin":
        usual = Path.home() / "Library" / "Caches"
    else:
        usual = Path(os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache")
    folder = usual / "symbackprop"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def cache_folder() -> Path:
    """The folder; a temporary one of this process where there is none to write to."""
    return lasting_folder() or _temporary()


@cache
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="symbackprop-"))
