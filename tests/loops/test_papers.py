"""Networks of the literature with loops read as their papers print them: closed, every letter defined, no sentence twice."""

import re

import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.display.box import ShownBox
from symbackprop.display.names import Names
from symbackprop.documents.formats.text import Text
from symbackprop.documents.steps import report
from symbackprop.formulas.plain import plain
from tests.loops.papers import PAPERS

QUICK = {"realnvp", "ssm", "maml"}


def networks() -> list:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in PAPERS]


def asked(name: str) -> Derivation:
    return sb.derive(PAPERS[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", networks())
def test_a_network_of_a_paper_reads_as_there(name: str) -> None:
    derivation = asked(name)
    box: ShownBox = derivation.box()
    assert not box.missing
    outputs = set(derivation.program.outputs)
    for line in box.lines:
        assert (line.name in outputs) or line.meant is not None
    text = Text().write(report(derivation, box=box))
    names = Names(derivation.forward)
    # "a" is a word of the sentences as well
    invented = [plain(names.tensor(n)) for n, t in derivation.forward.tensors.items() if not t.has_name and n != "a"]
    assert not [n for n in invented if re.search(rf"(?<![\w₀-₉]){re.escape(n)}(?![\w₀-₉])", text)]
    steps = text.partition("leads there.")[2].partition("The check")[0]
    told = [re.sub(r"\s+", " ", "".join(part)) for part in re.findall(r"((?:^    [A-Za-z\w].*\n)+)", steps, re.MULTILINE)]
    sentences = [s.strip() for part in told for s in re.split(r"(?<=\.)\s", part) if len(s) > 30 and "=" not in s]
    assert len(sentences) == len(set(sentences))


TOLD = {
    "maml": ["δ⁽ᵏ⁻¹⁾ = δ⁽ᵏ⁾ − (α/N) Xᵀ X δ⁽ᵏ⁾", "∂L/∂w = δ⁽⁰⁾"],
    "realnvp": ["δ_b⁽ᵏ⁾ = δₐ⁽ᵏ⁺¹⁾ ⊙ exp(s⁽ᵏ⁺¹⁾)"],
    "tdlambda": ["δₜ = δₜ₋₁ γ λ + 2 Gₜ − 2 vₜ"],
    "ssm": ["δₓ⁽ᵏ⁾ = Aᵀ δₓ⁽ᵏ⁺¹⁾ + δₒ⁽ᵏ⁾ C"],
}


@pytest.mark.parametrize("name", TOLD)
def test_lines_of_papers(name: str) -> None:
    lines = [str(line) for line in asked(name).box().lines]
    assert not [line for line in TOLD[name] if line not in lines]
