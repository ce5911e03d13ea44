"""Homeworks as students write them: every line is right; with one slip in it, that line is the first wrong one, and its mistake is named.

A file holds a network, prose with formulas, and below "Slips" lines - `right` -> `wrong`: the mistake.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import symbackprop as sb
from symbackprop.judge.texts.files import read_claims

FOLDER = Path(__file__).parent / "homeworks"
NET = re.compile(r"^```net\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
SLIP = re.compile(r"^- `(.+)` -> `(.*)`: (.+)$", re.MULTILINE)
QUICK = {"bishop", "conv", "goodfellow"}


class Homework(NamedTuple):
    """A network, the text, and what may be written wrongly in it: right, wrong, the mistake."""

    network: str
    text: str
    slips: tuple[tuple[str, str, str], ...]


def homework(name: str) -> Homework:
    text, _, below = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("\n## Slips\n")
    found = NET.search(text)
    assert found
    return Homework(found[1], NET.sub("", text), tuple(SLIP.findall(below)))  # type: ignore[arg-type]


def steps_in(folder: Path, text: str) -> list:
    path = folder / "homework.md"
    path.write_text(text, encoding="utf-8")
    steps = read_claims(path)
    assert isinstance(steps, list)
    return steps


NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))
SLIPS = [(name, k) for name in NAMES for k in range(len(homework(name).slips))]


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NAMES])
def test_every_line_of_a_right_homework_is_right(tmp_path: Path, name: str) -> None:
    own = homework(name)
    steps = steps_in(tmp_path, own.text)
    found = sb.verify(own.network, steps)
    assert [c.verdict for c in found.claims if not (c.right or c.kind == "abbreviation")] == []
    assert found.exit_code == 0
    assert len(steps) > 1


@pytest.mark.slow
@pytest.mark.parametrize(("name", "place"), SLIPS)
def test_a_slip_is_found_where_it_was_made_and_named(tmp_path: Path, name: str, place: int) -> None:
    own = homework(name)
    right, wrong, mistake = own.slips[place]
    assert right in own.text
    before, steps = steps_in(tmp_path, own.text), steps_in(tmp_path, own.text.replace(right, wrong, 1))
    found = sb.verify(own.network, steps)
    where = next(k for k, (a, b) in enumerate(zip(before, steps, strict=True)) if a != b)
    assert found.first_wrong_step == where
    assert mistake == "-" or mistake in [m.name for m in found.claims[where].mistakes]
    others = [c for k, c in enumerate(found.claims) if k != where]
    assert [c.verdict for c in others if not (c.right or c.kind in ("abbreviation", "wrong, carried forward"))] == []
