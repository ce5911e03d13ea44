"""Formulas as typst: every construct is written, and compiles where typst is there."""

import re

import pytest

from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.typst import quoted, typst
from tests.documents.sample import FORMULAS, WHITELIST


@pytest.mark.parametrize("text", [*FORMULAS, *WHITELIST])
def test_brackets_that_are_drawn_are_escaped_and_others_are_closed(text: str) -> None:
    written = re.sub(r'"(?:\\.|[^"\\])*"|\\.', "", typst(parse(text)))
    depth = 0
    for char in re.findall(r"[()\[\]{}]", written):
        depth += 1 if char in "([{" else -1
        assert depth >= 0
    assert depth == 0


def test_names_do_not_run_together() -> None:
    assert typst(parse("a b x_{1} y")) == "a b attach(x, b: 1)y"
    assert typst(parse(r"\delta x^\top")) == "δ attach(x, t: ⊤)"
    assert typst(parse(r"\mathrm{loss}(x, y)")) == '"loss"\\(x\\,y\\)'


def test_a_string_holds_what_it_is_given() -> None:
    assert quoted('a"b\\c\nd') == r'"a\"b\\c\nd"'


@pytest.mark.slow
def test_typst_sets_every_construct() -> None:
    import typst as wheel

    source = "\n".join(f"${typst(parse(text))}$\n" for text in (*FORMULAS, *WHITELIST))
    assert wheel.compile(source.encode(), format="pdf").startswith(b"%PDF-")
