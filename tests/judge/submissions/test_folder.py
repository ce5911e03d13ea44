"""A folder of submissions on the command line: one row each, in the order of names, whatever the files are."""

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from symbackprop.judge.submissions import marking
from symbackprop.judge.submissions.found import Submission, submissions
from symbackprop.judge.submissions.gradescope import results
from symbackprop.judge.submissions.marking import mark
from symbackprop.judge.submissions.marks import Marked
from symbackprop.judge.submissions.points import points_for
from symbackprop.judge.submissions.sandbox import Limits
from symbackprop.judge.submissions.tables import marks_csv, marks_table
from symbackprop.judge.submissions.worker import Task, judged
from symbackprop.judge.texts.files import read_claims
from symbackprop.verbs import read
from tests.command import Run

NET = "V: parameter[k, h]\nw: parameter[h]\nx: data[h]\nt: data[k]\nz = w*x\ny = V @ z\nL = sum((y - t)**2)\n"
V, DZ = "2*outer(y - t, z)", "2*V.T @ (y - t)"

FILES = {
    "ann.json": json.dumps([["e", "2*(t - y)", "dL/dy"], ["V", "outer(e, z)"], ["w", f"{DZ}*x"]]),
    "bob.py": f"V = {V}\nw = {DZ}*x\n",
    "cy.py": f'claims = {{"V": "{V}"}}\n',
    "di.py": "def gradient(V, w, x, y, t):\n    e = 2*(y - t)\n    return V.T @ e * x, e[:, None] * (w * x)\n",
    "eve/a.md": "$$\\frac{\\partial L}{\\partial w} = 2 V^\\top (y - t) \\odot x$$",
    "eve/deeper/a.md": "$$a = b$$",
    "=1+1.tex": "nothing",
    "fay\n\x1b[2J😀.json": "{",
    "gil.doc": "claims",
    "hal.md": b"\xff\xfe\x00",
    ".hidden.json": "{}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A class of submissions, some of which are none."""
    place = tmp_path / "submissions"
    for name, content in FILES.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "net.net").write_text(NET)
    (place / "out.json").symlink_to(tmp_path / "net.net")
    (place / "round.json").symlink_to("round.json")
    os.mkfifo(place / "pipe.json")
    with (place / "vast.json").open("wb") as file:
        file.truncate(50_000_000)
    return place


def marked(folder: Path) -> list:
    task = Task(read(NET), {"V": 1.0, "w": 2.0}, "L", run=True, limits=Limits(seconds=20.0))
    refused = [s for s in submissions(folder) if s.refused]
    assert {s.file for s in refused} == {"eve/deeper", "out.json", "pipe.json", "round.json"}
    return [judged(task, s) for s in submissions(folder) if not s.refused]


@pytest.mark.slow
def test_each_file_has_its_marks_and_none_stops_the_rest(folder: Path) -> None:
    found = {one.submission.file: one for one in marked(folder)}
    assert list(found) == sorted(found)
    assert {name: one.earned for name, one in found.items() if one.earned} == {
        "ann.json": 3,
        "bob.py": 3,
        "cy.py": 1,
        "eve/a.md": 2,
    }
    ann = found["ann.json"]
    assert (ann.first_wrong, ann.code) == ("e", 1)
    assert [m.verdict for m in ann.marks] == ["wrong, carried forward", "right, identity"]
    assert (found["cy.py"].verdict, found["cy.py"].reason) == ("incomplete", "no claim of w")
    assert found["di.py"].reason.startswith("it has the shape")
    assert found["eve/a.md"].submission.student == "eve"
    assert "there is no claim" in found["=1+1.tex"].reason
    assert "50,000,000 bytes" in found["vast.json"].reason
    assert {found[name].code for name in ("fay\n\x1b[2J😀.json", "gil.doc", "hal.md", "vast.json")} == {3}


def test_the_tables_hold_no_formula_and_no_control_character(folder: Path) -> None:
    found = marked(folder)
    text = marks_csv(found, ["V", "w"])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["file"] for row in rows][:2] == ["'=1+1.tex", "ann.json"]
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row.values() if cell)
    table = marks_table(found, 80)
    assert "fay\\n\\x1b[2J😀.json" in table
    assert "\x1b" not in table + text


def test_python_is_not_run_unless_it_is_asked_for(folder: Path) -> None:
    task = Task(read(NET), {"V": 1.0}, "L")
    [di] = [s for s in submissions(folder) if s.student == "di"]
    followed = judged(task, di)
    assert (followed.code, followed.walls) == (0, None)
    (folder / "di.py").write_text(FILES["di.py"].replace("return", "open('made', 'w')\n    return"))
    assert "a function is judged by running it" in judged(task, di).reason


@pytest.mark.slow
def test_the_order_is_that_of_names_for_every_number_of_jobs(folder: Path, run: Run) -> None:
    for name in ("vast.json", "pipe.json", "round.json", "di.py", "eve/a.md"):
        (folder / name).unlink()
    outcome = run("verify", folder.parent / "net.net", folder, "--csv", "marks.csv", "--jobs", "2", "--points", "V=1,w=2")
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1] == "9 submissions: 1 right, 2 wrong or incomplete, 6 undecided or not understood"
    task = Task(read(NET), {"V": 1.0, "w": 2.0}, "L")
    alone = [judged(task, s) for s in submissions(folder) if not s.refused]
    rows = marks_csv(alone, task.points).splitlines()
    written = Path("marks.csv").read_text().splitlines()
    assert [row for row in written if "not followed" not in row and "one higher" not in row] == rows


@pytest.mark.slow
def test_one_that_takes_too_long_ends_alone(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"V": V}))
    task = Task(read(NET), {"V": 1.0}, "L", limits=Limits(seconds=1e-4))
    assert [(k, one.reason) for k, one in mark(task, submissions(tmp_path))] == [(0, "it takes more than 0.0001 s")]


@pytest.mark.slow
def test_leaving_early_keeps_what_was_marked(folder: Path) -> None:
    task = Task(read(NET), {"V": 1.0}, "L")
    found = mark(task, submissions(folder), 1)
    assert next(found)[0] == 0
    found.close()


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_marked(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def two(task: Task, files: list[Submission], jobs: int) -> Iterator[tuple[int, Marked]]:
        yield from ((k, judged(task, files[k])) for k in (2, 1))
        raise KeyboardInterrupt

    monkeypatch.setattr(marking, "mark", two)
    outcome = run("verify", folder.parent / "net.net", folder, "--csv", "marks.csv")
    assert outcome.code == 130
    assert "2 of 14 are marked, marks.csv holds them" in outcome.err
    assert "12 not marked" in outcome.out
    assert [row["file"] for row in csv.DictReader(io.StringIO(Path("marks.csv").read_text()))] == ["ann.json", "bob.py"]


@pytest.mark.slow
def test_results_for_gradescope_tell_of_one_student(folder: Path, run: Run) -> None:
    net = folder.parent / "net.net"
    outcome = run("verify", net, folder / "ann.json", "--gradescope", "results.json", "--points", "V=1,w=2")
    assert outcome.code == 1
    facts = json.loads(Path("results.json").read_text())
    assert facts["score"] == 3.0
    assert [(t["name"], t["score"], t["max_score"], t["status"]) for t in facts["tests"]] == [
        ("V", 1.0, 1.0, "passed"), ("w", 2.0, 2.0, "passed"), ("e", 0.0, 0.0, "failed"),
    ]  # fmt: skip
    assert not any("right is" in t["output"] for t in facts["tests"])
    outcome = run("verify", net, folder, "--gradescope", "results.json")
    assert (outcome.code, "one student" in outcome.err) == (2, True)


def test_of_several_files_of_one_student_the_best_counts(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"V": V, "w": "x"}))
    (tmp_path / "b.json").write_text(json.dumps({"w": f"{DZ}*x"}))
    task = Task(read(NET), {"V": 1.0, "w": 1.0}, "L")
    assert json.loads(results([judged(task, s) for s in submissions(tmp_path)]))["score"] == 2.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "there is no file nothing"),
        (["empty"], "there is no submission in it"),
        (["submissions", "--points", "q=1"], "q: no tensor of the network"),
        (["submissions", "--points", "t=-1"], "write a name and its points"),
        (["submissions", "--points", ","], "names nothing"),
        (["submissions", "--jobs", "0"], '--jobs "0": write a whole number from 1 to 64'),
        (["submissions", "--time-limit", "nan"], "write a number of seconds"),
        (["submissions", "--csv", "no/where.csv"], "there is no folder"),
        (["submissions", "--csv", "marks.txt"], "end the name by .csv"),
        (["submissions", "-o", "a.html"], "-o writes the verdict on one file"),
        (["V = x", "--csv", "marks.csv"], "there is no file or folder"),
    ],
)
def test_what_cannot_be_done_is_refused(folder: Path, run: Run, arguments: list[str], said: str) -> None:
    (folder.parent / "empty").mkdir()
    outcome = run("verify", "net.net", *arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert not Path("marks.csv").exists()


def test_points_are_by_tensor_under_any_spelling() -> None:
    network = read(NET)
    assert points_for(network, "L", None, {}) == {"V": 1.0, "w": 1.0}
    assert points_for(network, "L", " dV = 2.5, z=0 ", {}) == {"V": 2.5, "z": 0.0}


def test_a_file_may_hold_its_claims_in_a_variable(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('import os\nclaims = [("e", "2*y", "dL/dy"), ["V", "outer(e, z)"]]\n')
    assert read_claims(path) == [("e", "2*y", "dL/dy"), ("V", "outer(e, z)")]
