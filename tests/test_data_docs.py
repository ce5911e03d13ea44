"""What docs/data.md and docs/verify.md say of JSON is what comes: every entry that is named, and none that is not."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import symbackprop as sb
from symbackprop.documents.formats.data import data
from symbackprop.judge.submissions.found import Submission
from symbackprop.judge.submissions.marks import Mark, Marked
from symbackprop.judge.submissions.tables import marks_json
from symbackprop.server.answer import answer
from tests.documents.sample import SAMPLE

DOCS = Path(__file__).parents[1] / "docs"
BY_NAME = {"gradients", "sizes", "point", "widths", "written"}  # dicts whose entries a network names
NET = """W: parameter[h, d]
x: data[d]
y: data[h]
z = W @ x
L = sum((relu(z) - y)**2)
"""


def entries(found: Any, by_name: bool = False) -> Iterator[str]:
    """The names of all entries of some data."""
    if isinstance(found, dict):
        for name, value in found.items():
            if not by_name:
                yield name
            yield from entries(value, not by_name and name in BY_NAME)
    elif isinstance(found, list):
        for value in found:
            yield from entries(value, by_name)


@cache
def documented(page: str, heading: str) -> frozenset[str]:
    """The entries that the table below a heading names."""
    text = (DOCS / page).read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return frozenset(name for cell in cells for name in re.findall("`(.+?)`", cell))


def loss(W: np.ndarray, x: np.ndarray) -> float:
    return float(np.sum((W @ x) ** 2))


def test_the_entries_of_an_answer() -> None:
    told = answer(NET).data()
    wrong = answer(NET.replace("sum", "smu")).data()
    inside = {name: told.pop(name) for name in ("check", "report")}
    assert set(entries(told)) | set(entries(wrong)) | inside.keys() == documented("data.md", "An answer")
    assert wrong.keys() == {"ok", "faults"}
    assert set(entries(inside["check"])) == documented("data.md", "A check")
    blocks = [data(SAMPLE), inside["report"]]
    kinds = {block["kind"] for one in blocks for block in one["blocks"]}
    row = next(
        line for line in (DOCS / "data.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `kind` | of a block")
    )
    assert kinds == set(re.findall("`(.+?)`", row.split("|")[2]))
    assert {name for one in blocks for name in entries(one)} == documented("data.md", "A report")
    tones = {one for told_of in blocks for one in re.findall(r'"tone": "(\w*)"', json.dumps(told_of))}
    sentence = (DOCS / "data.md").read_text(encoding="utf-8").partition("Tones are ")[2].partition('or ""')[0]
    assert tones - {""} <= set(re.findall("`(.+?)`", sentence))


def test_the_entries_of_a_check_that_asks_for_more() -> None:
    told = json.loads(sb.check("x: parameter[d]\ng = grad(sum(x**3), x)\nL = sum(g**2)\n").to_json())
    assert told["inner"]
    assert set(entries(told)) == documented("data.md", "A check")


def test_the_entries_of_a_verdict() -> None:
    """Of claims with a mistake and a counterexample, and with a convention."""
    claims = {"W": "2*outer(relu(z) - y, x)"}, {"W": "outer((relu(z) - y)*(z > 0), x)"}
    found = {name for given in claims for name in entries(sb.verify(sb.read(NET), given).facts())}
    assert found == documented("verify.md", "The evidence as JSON")


def test_the_entries_of_findings_and_marks() -> None:
    wrong = sb.verify_function(loss, lambda W, x: np.outer(W @ x, x), np.ones((2, 3)), np.array([1.0, -2.0, 0.5]), wrt="W")
    assert set(entries(json.loads(wrong.to_json()))) == documented("data.md", "Findings")
    mark = Mark("W", "right, identity", True, 1.0, 1.0)
    one = Marked(Submission("ann/W.md", "ann", Path("ann/W.md")), "right", (mark,), (mark,))
    assert set(entries(json.loads(marks_json([one])))) == documented("data.md", "Marks")


def test_the_entries_of_a_line_for_each_epoch(tmp_path: Path) -> None:
    net = "w: parameter[d]\nX: data[n, d]\nL = sum((X @ w)**2) / n\n"
    sb.train(net, {"X": np.ones((4, 2))}, epochs=1, progress=False, log=str(tmp_path / "run.jsonl"))
    line = json.loads((tmp_path / "run.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert line.keys() == documented("data.md", "A line for each epoch")
