"""PDF by whichever program is there; what each of them says, and what is left where none does it."""

import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.documents.formats import pdf
from symbackprop.documents.formats.pdf import ENGINES, Engine, PdfError, write_pdf
from symbackprop.documents.formats.text import Text
from symbackprop.documents.formats.typst import Typst
from symbackprop.documents.languages import ENGLISH
from tests.documents.sample import SAMPLE
from tests.documents.test_document import HOSTILE

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
WRITES = "open('report.pdf', 'wb').write(b'%PDF-' + open('report.txt', 'rb').read())"


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def engine(name: str, code: str, there: bool = True) -> Engine:
    """A program that is a line of Python."""

    def commands(program: str, folder: Path) -> Sequence[Sequence[str]]:
        return [[program, "-c", code]]

    return Engine(name, lambda language: sys.executable if there else None, ".txt", Text.write, commands)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Sets the programs that are there, and gives the folder in which they work."""
    monkeypatch.setattr(pdf.tempfile, "tempdir", str(tmp_path))

    def be(*rows: Engine) -> Path:
        monkeypatch.setattr(pdf, "ENGINES", rows)
        return tmp_path

    return be


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in ENGINES if row.found(ENGLISH)], ids=lambda row: row.name)
@pytest.mark.parametrize("document", [SAMPLE, HOSTILE], ids=["sample", "hostile"])
def test_each_program_that_is_here_makes_a_pdf(row: Engine, document, engines) -> None:
    engines(row)
    made = write_pdf(document)
    assert made.startswith(b"%PDF-")
    assert len(made) > 10_000


def test_the_first_that_is_there_is_taken(engines) -> None:
    folder = engines(engine("a", "raise SystemExit(1)", there=False), engine("b", WRITES), engine("c", "raise SystemExit(1)"))
    assert write_pdf(SAMPLE).decode() == "%PDF-" + Text.write(SAMPLE)
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print('! Undefined control sequence.'); print('more'); raise SystemExit(1)", "failed: ! Undefined control sequence."),
        ("print('no such font'); raise SystemExit(3)", "failed: no such font"),
        ("raise SystemExit(3)", "failed: it said nothing"),
        ("pass", "wrote no PDF"),
        ("open('report.pdf', 'w').write('no')", "wrote no PDF"),
    ],
)
def test_one_that_fails_is_followed_by_the_next_and_the_last_says_why(code: str, told: str, engines) -> None:
    folder = engines(engine("a", code), engine("b", WRITES))
    assert write_pdf(SAMPLE).startswith(b"%PDF-")
    engines(engine("a", code))
    with pytest.raises(PdfError, match=r"Install one of them: typst by pip install") as refused:
        write_pdf(SAMPLE)
    assert f"no PDF was made: a {told}" in str(refused.value)
    assert not list(folder.iterdir())


def test_one_that_cannot_be_run_is_named(engines, tmp_path: Path) -> None:
    engines(engine("a", "")._replace(found=lambda language: str(tmp_path / "nothing")))
    with pytest.raises(PdfError, match="a cannot be run: "):
        write_pdf(SAMPLE)


@pytest.mark.slow
def test_one_that_takes_too_long_is_ended_with_what_it_started(engines, monkeypatch: pytest.MonkeyPatch) -> None:
    child = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    folder = engines(engine("a", f"{child}; open('../child', 'w').write(str(p.pid)); time.sleep(600)"))
    monkeypatch.setattr(pdf, "SECONDS", 2)
    with pytest.raises(PdfError, match="a took more than 2 seconds"):
        write_pdf(SAMPLE)
    pid = int((folder / "child").read_text())
    for _ in range(1000):  # a process that was killed is there until the system has taken it away
        if not is_running(pid):
            break
        time.sleep(0.01)
    assert not is_running(pid)
    assert [path.name for path in folder.iterdir()] == ["child"]


def test_where_there_is_none_that_is_said_before_anything_is_computed(engines, monkeypatch: pytest.MonkeyPatch, run) -> None:
    folder = engines(engine("a", WRITES, there=False), engine("b", WRITES, there=False))
    derivation = sb.derive(EXAMPLES / "gates.net")
    monkeypatch.setattr(type(derivation.shown_by), "check", None)  # it would be called first
    for ask in (lambda: derivation.save("report.pdf"), lambda: derivation.report("pdf")):
        with pytest.raises(PdfError, match="a PDF is made by one of a, b, and none of them is here: install one of them"):
            ask()
    told = run("derive", EXAMPLES / "gates.net", "-o", "report.pdf")
    assert (told.code, told.out) == (2, "")
    assert 'pip install "symbackprop[pdf]"' in told.err
    assert not list(folder.iterdir())


def test_the_file_is_whole_or_as_it_was(engines, run) -> None:
    folder = engines(engine("a", WRITES))
    written = run("derive", EXAMPLES / "gates.net", "-o", "report.pdf")
    assert written.out == "report.pdf: 3 gradients, derived and checked\n"
    before = Path("report.pdf").read_bytes()
    assert before.startswith(b"%PDF-")
    engines(engine("a", "raise SystemExit(1)"))
    assert run("derive", EXAMPLES / "gates.net", "-o", "report.pdf").code == 2
    assert Path("report.pdf").read_bytes() == before
    assert os.listdir(folder) == ["report.pdf"]


def test_a_terminal_is_given_no_bytes(engines, run) -> None:
    engines(engine("a", WRITES))
    told = run("derive", EXAMPLES / "gates.net", "--format", "pdf")
    assert (told.code, told.out) == (2, "")
    assert "name its file by -o report.pdf" in told.err
    assert run("derive", EXAMPLES / "gates.net", "--format", "pdf", "-o", "named.bin").code == 0
    assert Path("named.bin").read_bytes().startswith(b"%PDF-")


def test_typst_gets_every_text_as_a_string() -> None:
    """Nothing that a person wrote is read as markup: it stands between quotation marks, whose own are escaped."""
    strings = re.compile(r'"(?:\\.|[^"\\])*"')
    source = Typst.write(HOSTILE)
    assert "alert(1)" in source
    assert not [word for word in ("alert(", "input{", "[l](u)", "100% #") if word in strings.sub("", source)]
