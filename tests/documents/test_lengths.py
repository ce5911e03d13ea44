"""How long a report is: its pages on paper without the picture, by each program that sets it, and its height on a screen."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.documents.document import Document, Figure, Section
from symbackprop.documents.formats.html import Fragment, Html
from symbackprop.documents.formats.latex import Latex
from symbackprop.documents.formats.pdf import browser, by_browser
from symbackprop.documents.formats.typst import Typst
from symbackprop.formulas.told import told

EXAMPLES = Path(__file__).parents[2] / "examples"
MOST = {"two_layer": 2, "mlp_3_4_4_1": 2, "layers/lstm": 5, "layers/transformer_block": 5}
TALLEST = 3500
"""Pixels of the page of the network of four layers, in a window 1,280 wide."""
ON_A_TELEPHONE = (
    "two_layer_biases", "classifier", "mlp_3_4_4_1", "layers/lstm", "layers/transformer_block", "layers/batch_norm", "losses/vae_loss",
    "layers/conv2d", "layers/multi_head_attention", "loops/backpropagation_through_time",
)  # fmt: skip
_WIDER = """onload = () => {
  const wider = d => [...d.querySelectorAll("*")].filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1
    && (e === d.documentElement || ["auto", "scroll"].includes(getComputedStyle(e).overflowX)));
  document.title = [...document.querySelectorAll("iframe")].map(e => e.contentDocument).map(d => {
    d.querySelectorAll("details").forEach(e => e.open = true);
    return wider(d).map(e => e.tagName + " " + e.scrollWidth + " " + [...e.textContent].slice(0, 30).join("")).join(", ");
  }).join("|");
}"""
COLUMNS = (
    "x: data[d]\ny: labels[c]\nW_1: parameter[h, d]\nb_1: parameter[h]\nW_2: parameter[k, h]\nb_2: parameter[k]\n"
    "W_3: parameter[m, k]\nb_3: parameter[m]\nW_4: parameter[c, m]\nb_4: parameter[c]\na_1 = tanh(W_1 @ x + b_1)\n"
    "a_2 = tanh(W_2 @ a_1 + b_2)\na_3 = tanh(W_3 @ a_2 + b_3)\np = softmax(W_4 @ a_3 + b_4)\nL = -sum(y*log(p))"
)
BATCH = (
    "X: data[N, d]\nY: labels[N, c]\nW_1: parameter[d, h]\nb_1: parameter[h]\nW_2: parameter[h, k]\nb_2: parameter[k]\n"
    "W_3: parameter[k, m]\nb_3: parameter[m]\nW_4: parameter[m, c]\nb_4: parameter[c]\nA_1 = tanh(X @ W_1 + b_1)\n"
    "A_2 = tanh(A_1 @ W_2 + b_2)\nA_3 = tanh(A_2 @ W_3 + b_3)\nP = softmax(A_3 @ W_4 + b_4)\nL = -sum(Y*log(P))/N"
)
"""Four layers with biases and a softmax: of one sample, and of a batch."""

PROGRAMS = [name for name, there in (("typst", find_spec("typst")), ("pdflatex", shutil.which("pdflatex"))) if there]
_COUNTED = "import typst; found = typst.compile('report.typ', format='svg'); print(len(found) if isinstance(found, list) else 1)"


@cache
def report(name: str, detail: str) -> Document:
    return sb.derive(EXAMPLES / f"{name}.net").document(detail=detail)


def without_picture(document: Document) -> Document:
    heading = Section(told("The computational graph"))
    return replace(document, blocks=tuple(b for b in document.blocks if not isinstance(b, Figure) and b != heading))


def run(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=True).stdout.decode(errors="replace")


def pages(document: Document, program: str, folder: Path) -> int:
    """How many pages a program sets it on."""
    if program == "typst":
        (folder / "report.typ").write_text(Typst.write(document), encoding="utf-8")
        return int(run(folder, sys.executable, "-P", "-c", _COUNTED))
    (folder / "report.tex").write_text(Latex.write(document), encoding="utf-8")
    said = run(folder, program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "report.tex")
    found = re.search(r"\((\d+) pages?", said)
    assert found, said[-500:]
    return int(found[1])


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name", MOST)
def test_a_report_has_few_pages(name: str, program: str, tmp_path: Path) -> None:
    assert pages(without_picture(report(name, "normal")), program, tmp_path) <= MOST[name]
    assert pages(report(name, "brief"), program, tmp_path) == 1


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_picture_leaves_no_page_half_empty(program: str, tmp_path: Path) -> None:
    """What comes after it goes on where it does not fit."""
    assert pages(report("two_layer", "normal"), program, tmp_path) == 2
    assert pages(report("mlp_3_4_4_1", "normal"), program, tmp_path) == 3


if browser():

    @pytest.mark.slow
    @pytest.mark.parametrize("network", [(EXAMPLES / "mlp_3_4_4_1.net").read_text(encoding="utf-8"), COLUMNS, BATCH])
    def test_the_page_of_four_layers_is_no_taller_than_that(network: str, tmp_path: Path) -> None:
        written = Html.write(sb.derive(network).document(detail="normal"))
        page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", written)
        measure = "<script>document.title = document.documentElement.scrollHeight</script></body>"
        (tmp_path / "page.html").write_text(page.replace("</body>", measure), encoding="utf-8")
        shown = run(tmp_path, *by_browser(str(browser()), tmp_path, "page.html", "--window-size=1280,900", "--dump-dom"))
        height = re.search(r"<title>(\d+)</title>", shown)
        assert height
        assert 1500 < int(height[1]) <= TALLEST

    @pytest.mark.slow
    def test_nothing_scrolls_sideways_on_a_telephone(tmp_path: Path) -> None:
        """Not the page, no formula, no table: each report stands in a frame of 390 pixels, with all that is folded opened."""
        pages = [escape(Html.write(report(name, "normal"))) for name in ON_A_TELEPHONE]
        frames = "".join(f'<iframe style="width: 390px; height: 800px; border: 0" srcdoc="{page}"></iframe>' for page in pages)
        (tmp_path / "frames.html").write_text(f"<meta charset='utf-8'>{frames}<script>{_WIDER}</script>", encoding="utf-8")
        shown = run(tmp_path, *by_browser(str(browser()), tmp_path, "frames.html", "--virtual-time-budget=20000", "--dump-dom"))
        told_ = re.search(r"<title>(.*?)</title>", shown, re.DOTALL)
        assert told_
        wider = dict(zip(ON_A_TELEPHONE, told_[1].split("|"), strict=True))
        assert not {name: found for name, found in wider.items() if found}

    @pytest.mark.slow
    def test_a_report_in_a_notebook_is_no_taller_than_alone(tmp_path: Path) -> None:
        """Jupyter floats what is defined in narrow columns, letter below letter."""
        sheet = (
            ".j dl, .j dt, .j dd { display: block } .j dl { width: 100%; overflow: hidden } "
            ".j dt { font-weight: bold; float: left; width: 20%; padding: 0 } .j dd { float: left; width: 80%; padding: 0 }"
        )
        piece = Fragment.write(report("classifier", "normal"))
        shown = "".join(f'<div class="{name}" style="width: 640px">{piece}</div>' for name in ("alone", "j"))
        measure = "document.title = [...document.querySelectorAll('.alone, .j')].map(e => e.offsetHeight).join(' ')"
        (tmp_path / "cell.html").write_text(f"<style>{sheet}</style>{shown}<script>{measure}</script>", encoding="utf-8")
        page = run(tmp_path, *by_browser(str(browser()), tmp_path, "cell.html", "--dump-dom"))
        heights = re.search(r"<title>(\d+) (\d+)</title>", page)
        assert heights
        assert heights[1] == heights[2]
