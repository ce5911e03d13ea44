"""Texts as they are pasted: out of Markdown, out of code, out of a printed page. What is wrong is told where a person wrote it."""

import random
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.notation.grammar import parsed
from symbackprop.notation.signs import TYPED
from symbackprop.server.page import equations

NET = "x: data[d]\nW: parameter[h, d]\nL = sum(sigmoid(W @ x)**2)\n"
LATEX = r"\min_w \sum_{i=1}^n \log(1 + \exp(-y_i w^\top x_i)), w, x_i \in \mathbb{R}^d, y_i \in \{-1, 1\}"
PASTED = {
    "a block": f"```\n{NET}```\n",
    "a page": f"# Nets\n\nHere it is:\n\n```python\n{NET}```\n\nand that is all: it is.\n",
    "two blocks": f"~~~\n{NET[:11]}~~~\nthen\n  ```\n{NET[11:]}  ```\n",
    "a block that goes on": f"it begins\n```\n{NET}",
    "out of code": "".join(f"    {line}\n" for line in NET.splitlines()),
    "Windows": "\ufeff" + NET.replace("\n", "\r\n"),
    "a printed page": NET.replace(" ", "\u00a0").replace("(", "（").replace("sigmoid", "σ").replace("**2", "²"),
}


@pytest.mark.parametrize("how", PASTED)
def test_the_network_of_a_pasted_text(how: str) -> None:
    assert str(sb.derive(sb.read(PASTED[how]))) == str(sb.derive(sb.read(NET)))


def test_a_page_of_markdown_has_its_heading_for_a_title_and_faults_where_they_stand() -> None:
    assert sb.read(PASTED["a page"]).title == "Nets"
    with pytest.raises(sb.NotationError) as refused:
        sb.read(PASTED["a page"].replace("sigmoid", "sigmod"))
    assert (refused.value.line, refused.value.column, refused.value.write) == (8, 9, "sigmoid")


@pytest.mark.parametrize("text", [LATEX, f"```latex\n{LATEX}\n```"])
def test_the_page_reads_latex(text: str) -> None:
    found = equations(text)
    assert (found["ok"], found["wrt"]) == (True, ["w"])


def test_a_path_that_is_typed_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "two_layer.net").write_text(NET)
    assert not equations(f"{tmp_path}/two_layer.net")["ok"]


@pytest.mark.parametrize("seed", range(20))
def test_a_place_is_that_of_the_text_as_it_was_written(seed: int) -> None:
    draw = random.Random(seed)
    pieces = [*TYPED, "θ", "Ω", "ŷ", "x\u0302", "W₁₂", "λ̃", "（", "\u200b", "\u00a0", "a", "  ", "é"]
    line = "".join(draw.choices(pieces, k=12)) + "smu" + "".join(draw.choices(pieces, k=5))
    source = parsed(f"# {line}")[1]
    source = type(source)("", (source.typed(line),), written=(line,), typed=source.typed)
    place = source.at(1, source.line(1).index("smu"), 3)
    assert (line[place.column - 1 :][: place.length].strip("\u200b"), place.text) == ("smu", line)
