"""What the documents show is what comes out now: commands, Python examples, pictures, links."""

import doctest
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from generate import documents, reference_pages

ROOT = Path(__file__).resolve().parent.parent
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TORCH = [pytest.param(ROOT / "docs" / "torch.md", marks=pytest.mark.slow)] if find_spec("torch") else []
RUN = [path for path in TEXTS if path.name != "torch.md"] + TORCH  # PyTorch is an extra


def test_the_documents_show_what_comes_out() -> None:
    stale = [p.name for p, text in documents() if p.read_text(encoding="utf-8") != text]
    assert not stale, f"run `python docs/generate.py`: {stale} is out of date"


@pytest.mark.slow
def test_the_reference_shows_what_comes_out() -> None:
    stale = [p.name for p, text in reference_pages() if p.read_text(encoding="utf-8") != text]
    assert not stale, f"run `python docs/generate.py`: {stale} is out of date"


@pytest.mark.parametrize("path", RUN, ids=lambda p: p.name)
def test_the_python_examples_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, _ = doctest.testfile(str(path), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert not failed


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    prose = re.sub(r"(?ms)^```.*?^```", "", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"
