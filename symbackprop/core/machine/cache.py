"""The user's folder for what can be made again."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path


def lasting_folder() -> Path | None:
    """The folder; None where there is none to write to, or others write there as well: what is kept is run."""
    if sys.platform == "darwin":
        usual = Path.home() / "Library" / "Caches"
    else:
        usual = Path(os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache")
    folder = usual / "symbackprop"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if os.access(folder, os.W_OK) and _is_own(folder) else None
    except OSError:
        return None


def cache_folder() -> Path:
    """The folder; a temporary one of this process where there is none to write to."""
    return lasting_folder() or _temporary()


def _is_own(folder: Path) -> bool:
    """Whether nobody else writes into a folder, as far as the system tells."""
    about = folder.stat()
    return not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


@cache
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="symbackprop-"))
