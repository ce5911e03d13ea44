"""The page is driven in a browser where there is one."""

from importlib.util import find_spec
from pathlib import Path
from shutil import which
from subprocess import DEVNULL, SubprocessError, run

import pytest

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
DRIVEN = CHROMIUM and find_spec("playwright")
collect_ignore = [] if DRIVEN else ["test_page_in_a_browser.py"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The folder of files needs a browser, and a runtime for it that npm fetches; only a run of the slower tests asks npm."""
    if collection_path.name != "test_site_in_a_browser.py":
        return None
    return None if DRIVEN and config.option.markexpr != "not slow" and _fetches() else True


def _fetches() -> bool:
    """Whether npm is here and reaches its registry."""
    npm = which("npm")
    try:
        return bool(npm) and run([npm, "ping"], stdout=DEVNULL, stderr=DEVNULL, timeout=30, check=False).returncode == 0
    except SubprocessError:
        return False
