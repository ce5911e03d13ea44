"""How a verdict is shown: all evidence as JSON, a page that marks what differs, a terminal with colours."""

import json
import re
from pathlib import Path
from textwrap import dedent

import pytest
from rich.console import Console

import symbackprop as sb
from symbackprop.judge.verdicts.verdict import BAD
from tests.command import Run
from tests.judge.networks_to_judge import NETWORKS, network

DOCS = Path(__file__).parents[2] / "docs" / "verify.md"
CLAIMS = {"W_2": "outer(yhat - t, a_1)", "W_1": r"(W_2^\top(\hat y - t) \odot a_1 \odot (1 + a_1)) x^\top", "c_1": r"\frac{1}{2} Q"}
STEPS = [
    ("delta_2", r"\delta_2 = \hat y - t"),
    ("delta_1", r"\delta_1 = W_2^\top \delta_2 \odot a_1", "dL/dz_1"),
    ("dW_1", r"\delta_1 x^\top"),
]


@pytest.fixture(scope="module")
def judged():
    return sb.verify(network("two_layer"), CLAIMS)


@pytest.fixture(scope="module")
def steps():
    return sb.verify(network("two_layer"), STEPS)


def keys(value, into=None):
    """Every name in a nest of JSON, but for those that a person gave."""
    found = set() if into is None else into
    if isinstance(value, dict):
        for name, part in value.items():
            found.add(name)
            if name not in ("sizes", "point"):
                keys(part, found)
    elif isinstance(value, list):
        for part in value:
            keys(part, found)
    return found


@pytest.mark.slow
def test_the_evidence_is_json_that_round_trips(judged, steps):
    for result in (judged, steps):
        text = result.to_json()
        assert json.loads(text) == result.facts()
        assert not re.search(r"\b(NaN|Infinity)\b", text)


def test_every_entry_of_the_evidence_is_documented(judged):
    section = DOCS.read_text(encoding="utf-8").partition("## The evidence as JSON")[2].partition("\n## ")[0]
    documented = {name for row in re.findall(r"(?m)^\| (`.*?`) \|", section) for name in re.findall(r"`(\w+)`", row)}
    assert documented == keys(judged.facts()) | keys(sb.verify(network("two_layer"), {"W_1": "-1*dL_dW_1"}).facts()) | keys(
        sb.verify(network("two_layer"), {"W_2": "outer(a_1, yhat - t)"}).facts()
    )


def test_the_evidence_says_what_was_claimed_understood_and_found(judged):
    right, wrong, unknown = judged.facts()["claims"]
    assert right["kind"] == "right, identity"
    assert 0 < right["error_probability"] < 1e-12
    assert right["witnesses"] == ["tape", "differences"]
    assert wrong["given"] == CLAIMS["W_1"]
    assert wrong["kind"] == "wrong"
    assert wrong["mistakes"][0]["corrected"].startswith(r"\frac{\partial L}{\partial z_{1}} = ")
    assert wrong["counterexample"]["claimed"] != wrong["counterexample"]["true"]
    assert wrong["error_probability"] is None
    assert unknown["kind"] == "undecided"
    assert unknown["reason"] == "what is Q?"


def test_a_left_side_that_says_another_gradient_is_a_convention():
    claim = r"\frac{\partial L}{\partial W_1} = (\hat y - t) a_1^\top"
    result = sb.verify(network("two_layer"), {"W_2": claim})
    assert result.verdict == (
        "up to convention: the left-hand side is dL/dW_1, but what is claimed is dL/dW_2; to make it right, write dL/dW_2 on the left"
    )
    assert result.claims[0].facts()["convention"]["kinds"] == ["left"]
    assert sb.verify(network("two_layer"), {"W_2": claim}, allow=["left"]).exit_code == 0


def test_what_differs_is_marked_on_the_page(judged):
    page = judged.html()
    assert '<mrow class="bad">' in page
    assert '<mrow class="good">' in page
    assert "The smallest example at which it fails" in page
    assert "The backward pass" in page
    assert "<script" not in page
    assert re.search(r"(src|href)=\"?(https?:)?//", page) is None
    assert judged._repr_html_().startswith("<style>")


def test_the_first_wrong_step_is_marked(steps):
    page = steps.html()
    assert 'The first wrong step is <a href="#claim-2">number 2</a>' in page
    assert page.count("The first wrong step: ") == 1
    assert steps.claims[2].kind == "wrong, carried forward"
    assert "δ₂" in str(steps)
    assert "⟦δ₂⟧" not in str(steps)  # it was right


def test_colours_in_a_terminal_are_underlined_as_well(judged):
    console = Console(force_terminal=True, color_system="standard", width=200)
    with console.capture() as said:
        console.print(judged)
    assert "\x1b[1;4;31m+" in said.get()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said.get()).rstrip()
    assert plain == str(judged).replace("⟦", "").replace("⟧", "")


def test_a_terminal_marks_the_line_that_differs_and_no_other(judged):
    styles = {line.strip(): style for claim in judged.claims for line, style in claim.lines()}
    marked = {line for line, style in styles.items() if style == BAD}
    assert marked == {line for line in styles if line.startswith("understood") and "⟦" in line}
    assert marked


@pytest.mark.parametrize("suffix", [".html", ".md", ".tex", ".txt"])
def test_the_verdict_is_written_to_a_file(tmp_path, capsys, suffix):
    net = tmp_path / "two_layer.net"
    net.write_text(dedent(NETWORKS["two_layer"]))
    output = tmp_path / f"verdict{suffix}"
    outcome = Run(capsys)("verify", net, "W_2 = outer(yhat - t, z_1)", "-o", output)
    assert outcome.code == 1
    assert "wrong" in outcome.out
    assert "As understood" in output.read_text(encoding="utf-8")
    assert f"{output}: the verdict" in outcome.out


def test_the_page_has_the_lines_of_a_recursion_that_was_claimed(tmp_path: Path) -> None:
    text = "w: parameter[d]\nz[0] = w\nfor l in 1..n:\n    z[l] = pi*z[l-1]\nL = sum(z[n]**2)\n"
    judged = sb.verify(
        text, [(r"\delta^{(n)}", r"\delta^{(n)} = 2 z^{(n)}"), (r"\delta^{(l)}", r"\delta^{(l)} = \pi \delta^{(l+1)}")]
    )
    judged.save(tmp_path / "verdict.txt")
    page = (tmp_path / "verdict.txt").read_text(encoding="utf-8")
    assert "no short form" not in page
    assert "∂L/∂z⁽ˡ⁾ = " in page
