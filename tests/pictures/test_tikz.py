"""Pictures as TikZ: balanced, in ASCII, formulas as LaTeX; where TeX is, they are set."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.formulas.read_latex import parse
from symbackprop.pictures.graph import Edge, Node, arranged
from symbackprop.pictures.picture import PAPER, Page
from symbackprop.pictures.tikz import NEEDS, tikz
from tests.pictures.test_graph import NEURON, NEURON_WIRES, network

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
TEX = shutil.which("pdflatex")  # where it is not, pictures are read, and not set
HAS_TIKZ = bool(TEX and shutil.which("kpsewhich") and subprocess.run(["kpsewhich", "tikz.sty"], capture_output=True).stdout)


def balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def test_a_sheet_is_a_tikzpicture() -> None:
    picture = arranged(*network(8), page=PAPER)
    text = tikz(picture)
    assert text.count(r"\begin{tikzpicture}") == text.count(r"\end{tikzpicture}") == len(picture.sheets) > 1
    assert text.isascii()
    assert balanced(text)
    assert NEEDS in text.splitlines()[1]


def test_formulas_are_latex_and_numbers_have_minus_signs() -> None:
    text = tikz(arranged(NEURON, NEURON_WIRES))
    assert r"{$\displaystyle f = \frac{1}{d}$}" in text
    assert r"{\ensuremath{-}0.20}" in text


def test_arrays_are_matrices_with_dots() -> None:
    node = Node("W", parse("W"), "parameter", value="0.1 … 0.5\n⋮ ⋱ ⋮\n-0.3 … 1.5e-08")
    (line,) = [line for line in tikz(arranged([node], [])).splitlines() if "bmatrix" in line]
    flat = re.sub(r"\\smash\{\\lower[\d.]+em\\hbox\{\$(\\\w+)\$\}\}", r"\1", line)
    assert r"0.1 & \dots & 0.5 \\ \vdots & \ddots & \vdots \\ -0.3 & \dots & 1.5{\cdot}10^{-8}" in flat


@pytest.mark.slow
def test_an_array_stands_in_its_box() -> None:
    """Around the middle of the room that was measured for it: TeX puts the middle of a matrix on the baseline."""
    drawn = sb.derive(str(EXAMPLES / "two_layer.net")).report("latex")
    frames = [tuple(map(float, found)) for found in re.findall(r"\(([\d.]+),([\d.]+)\) rectangle \(([\d.]+),([\d.]+)\);", drawn)]
    arrays = re.findall(r"anchor=center.* at \(([\d.]+),([\d.]+)\).*arraystretch\{([\d.]+)\}.*?(\\begin.*)\\end", drawn)
    assert len(arrays) == drawn.count("bmatrix}") / 2 > 6
    for across, middle, stretch, rows in arrays:
        x, y, half = float(across), float(middle), float(stretch) * 8.4 * (rows.count(r"\\") + 1) / 2 / 0.6
        assert any(left < x < right and top + 15 < y - half and y + half < bottom for left, top, right, bottom in frames), rows


def test_words_of_a_person_are_escaped() -> None:
    text = tikz(arranged([Node("a", parse("a"), value=r"\input{x} 100% & #")], [], title=r"\write18{rm} $x$"))
    assert r"\input" not in text
    assert r"\write" not in text
    assert balanced(text)


def test_places_are_within_the_picture() -> None:
    picture = arranged(NEURON, [*NEURON_WIRES[:-1], Edge("d", "f", parse("-f^2"))], page=Page(500.0))
    for sheet, drawn in zip(picture.sheets, tikz(picture).split(r"\end{tikzpicture}"), strict=False):
        for x, y in re.findall(r"\((-?[\d.]+),(-?[\d.]+)\)", drawn):
            assert 0 <= float(x) <= sheet.width
            assert 0 <= float(y) <= sheet.height


if HAS_TIKZ:

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["gates", "two_layer", "layers/lstm", "layers/transformer_block"])
    def test_pictures_of_examples_are_set(name: str, tmp_path: Path) -> None:
        assert TEX is not None
        drawn = sb.draw(EXAMPLES / f"{name}.net", edges="local", format="tikz")
        (tmp_path / "p.tex").write_text(f"\\documentclass{{article}}\n{NEEDS}\n\\begin{{document}}\n{drawn}\\end{{document}}\n")
        command = [TEX, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "p.tex"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
        assert ran.returncode == 0, ran.stdout[-2000:]
