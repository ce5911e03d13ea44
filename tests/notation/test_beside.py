"""Declarations that are given beside an expression, a text or a file: what they declare, they declare as the text itself would."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.notation.errors import NotationError
from tests.command import Run

DECLARED = ["w: parameter[d]", "X: data[n, d]; y: data[n]"]
LOOP = "s = 0\nfor i in range(n):\n    s = s + (X[i] @ w - y[i])**2\nL = s"
WAYS = {
    "one.net": "# Squares\nr = X @ w - y\nL = sum(r**2)\n",
    "two.tex": r"\[ L = \|X w - y\|^2 \]",
    "three.txt": LOOP,
}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("given", [str, Path, lambda path: path.read_text("utf-8")], ids=["name", "path", "text"])
def test_a_file_and_its_text_are_declared_beside_as_an_expression_is(tmp_path: Path, name: str, given):
    path = tmp_path / name
    path.write_text(WAYS[name], "utf-8")
    beside, within = sb.read(given(path), let=DECLARED), sb.read("\n".join([*DECLARED, "L = sum((X @ w - y)**2)"]))
    assert {t.name: t.shape for t in beside.program.inputs} == {t.name: t.shape for t in within.program.inputs}
    assert sb.derive(beside).check().ok


def test_the_last_line_of_a_text_beside_declarations_may_be_the_loss():
    assert sb.read("r = X @ w - y\nsum(r**2)", let=DECLARED).loss == "L"
    assert sb.read("sum((X @ w - y)**2)\n", let=DECLARED).loss == "L"


@pytest.mark.parametrize("expression", ["x.T @ x", "a/b"])
def test_an_expression_beside_declarations_is_no_path(expression: str):
    assert sb.read(expression, let=["x: parameter[n]", "a: parameter", "b: parameter"]).loss == "L"


def test_a_file_that_is_not_there_and_one_that_says_its_shapes_are_told(tmp_path: Path):
    with pytest.raises(NotationError, match=r"there is no file .*none\.tex"):
        sb.read(tmp_path / "none.tex", let=DECLARED)
    (tmp_path / "nets.py").write_text("def f(x):\n    return x**2\n")
    with pytest.raises(NotationError, match=r"nets\.py takes no declarations from elsewhere. Annotate its arguments"):
        sb.read(f"{tmp_path / 'nets.py'}:f", let=["x: parameter"])
    (tmp_path / "own.net").write_text("w: parameter\nL = w**2\n")
    with pytest.raises(NotationError, match=r"own\.net:1:1: w is defined twice\. "):
        sb.read(tmp_path / "own.net", let=["w: parameter[n]"])


@pytest.mark.parametrize("formula", ["-sum(y*log(p))", r"-\sum_i y_i \log p_i", "-y @ log(p)"])
def test_an_expression_may_begin_with_a_minus(run: Run, formula: str):
    done = run("derive", formula, "--detail", "brief", "--let", "y: data[n]; p: parameter[n]")
    assert done.code == 0
    assert "∂L/∂p = −y/p" in done.out


def test_a_word_that_begins_with_a_minus_and_is_no_expression_stays_an_option(run: Run):
    assert run("derive", "-oa (1).txt", "w**2").out.startswith("a (1).txt: 1 gradient")
    done = run("derive", "-y/x", "--lang", "ko")
    assert "(-x/y)처럼" in done.err
    assert "stands in brackets: (-x/y)" in run("derive", "-y/x").err


@pytest.mark.parametrize("formula", [r"L = \sum_i (y_i - t_i)^2", r"L = \frac12 \sum_i y_i^2", "sum((a - b)**2)"])
def test_what_is_asked_for_is_taken_as_it_is_printed(run: Run, formula: str):
    said = run("derive", formula).err
    lets = [part.partition('"')[0] for part in said.split('--let "')[1:]]
    assert run("derive", formula, "--wrt", lets[0].partition(":")[0], "--let", "; ".join(lets)).code == 0
    assert "명령에서는 --let" in run("derive", formula, "--lang", "ko").err
