"""Claims in files, the command that judges them, and the twenty claims of the examples."""

import io
import json
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.judge.texts.displays import formulas
from symbackprop.judge.texts.files import ClaimsError, read_claims
from symbackprop.judge.texts.sentences import GIVEN
from tests.command import EXAMPLES, Run

NET = EXAMPLES / "verify" / "two_layer.net"


@pytest.mark.slow
def test_the_claims_of_the_examples_have_the_verdicts_that_stand_beside_them() -> None:
    network = sb.read(NET)
    for wrt, claim, verdict in json.loads(Path(__file__).with_name("twenty_claims.json").read_text()):
        assert sb.verify(network, {wrt: claim}).verdict.startswith(verdict), (wrt, claim)


@pytest.mark.slow
def test_the_derivation_of_the_examples_fails_where_it_does(run: Run) -> None:
    outcome = run("verify", NET, EXAMPLES / "verify" / "derivation.md", "--json")
    assert outcome.code == 1
    facts = json.loads(outcome.out)
    verdicts = [c["verdict"] for c in facts["claims"]]
    assert verdicts == ["right, identity", "wrong", "right, identity", "wrong, carried forward"]
    assert facts["first_wrong_step"] == 1
    assert facts["claims"][1]["mistakes"][0]["name"] == "wrong slope formula"


@pytest.mark.parametrize("name", ["a.tex", "a.md"])
def test_formulas_within_lines_are_steps_where_none_is_displayed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Let $n$ be large. Then $a = b$ and\n$c = d$; it costs 5\\$.\n", encoding="utf-8")
    assert read_claims(path) == [("a", "a = b"), ("c", "c = d")]
    path.write_text("Then $a = b$ and\n\\[ c = d \\]\n", encoding="utf-8")
    assert read_claims(path) == [("c", "c = d")]


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        ("W_2 = outer(yhat - t, a_1)", 0),
        ("W_2 = outer(yhat - t, z_1)", 1),
        ("W_2 = outer(yhat, what)", 3),
        ("delta = yhat", 3),
        (r"\nabla_{W_2} L = (\hat y - t) a_1^\top", 0),
    ],
)
def test_a_claim_on_the_command_line_has_an_exit_code(run: Run, claim: str, code: int) -> None:
    outcome = run("verify", NET, claim)
    assert outcome.code == code
    assert outcome.out.startswith(" 1  ∂L/∂W₂  ") or "nothing is judged" in outcome.out


@pytest.mark.parametrize("text", ["W_2 = outer(yhat - t, a_1)\n", '{"W_2": "outer(yhat - t, a_1)"}'])
def test_claims_are_read_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert "∂L/∂W₂  right, identity" in run("verify", NET, "-").out


def test_standard_input_holds_the_network_or_the_claims(run: Run) -> None:
    outcome = run("verify", "-", "-")
    assert (outcome.code, "not both" in outcome.err) == (2, True)


def test_a_name_that_no_line_defines_is_asked_for() -> None:
    said = sb.verify(NET, {"W_1": "outer(delta, x)"}).verdict
    assert "Define it in a line before, delta = ...; the network has W_1" in said
    verdict = sb.verify(NET, [("delta", "(W_2.T @ (yhat - t)) * a_1 * (1 - a_1)"), ("W_1", "outer(delta, x)")])
    assert verdict.ok


def test_what_a_step_is_said_to_be_is_a_derivative() -> None:
    with pytest.raises(ValueError, match=r'step W_2: it is said to be "right".*dL/dz of W_1'):
        sb.verify(NET, [("W_2", "outer(yhat - t, a_1)", "right")])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "not JSON"),
        ("a.json", "[1]", "list of steps"),
        ("a.json", "{}", "there is no claim"),
        ("a.py", "for i in x: pass", "line 1 is no step"),
        ("a.py", "W_2 = (", "line 1 is not Python"),
        ("a.md", "nothing here", "there is no claim"),
        ("a.tex", r"\[ x \]", "there is no claim"),
        ("a.doc", "W = 1", "is no file of claims"),
    ],
)
def test_a_file_that_holds_no_claims_is_refused(tmp_path: Path, run: Run, name: str, text: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ClaimsError, match=said):
        read_claims(path)
    outcome = run("verify", NET, path)
    assert outcome.code == 2
    assert said in outcome.err


def test_python_is_read_and_never_run(tmp_path: Path) -> None:
    path = tmp_path / "claims.py"
    path.write_text('"""Mine."""\nimport numpy as np\n\ndelta = yhat - t\nW_2 = np.outer(delta, a_1)  # the last\n')
    assert read_claims(path) == [("delta", "yhat - t"), ("W_2", "np.outer(delta, a_1)")]


def test_display_formulas_are_steps_line_by_line() -> None:
    text = r"""
    Inline $a = b$ is none. % \[ c = d \]
    \begin{align} \delta &= x \\ &= y + z, \label{eq:1} \\ W &= \delta x^\top. \end{align}
    $$ no equation $$
    """
    assert list(formulas(text)) == [(r"\delta", r"\delta = x = y + z"), ("W", r"W = \delta x^\top")]


@pytest.mark.parametrize(
    ("sentence", "is_claim"),
    [
        (r"so that $\frac{\partial L}{\partial W} = \delta a^\top$, and", True),
        (r"Hence $\nabla_W L = \frac{\partial L}{\partial z} x^\top = \delta x^\top$.", True),
        ("so that $\\nabla_W L\n= \\delta x^\\top$", True),
        (r"which gives $dW_2 = \delta a^\top$", True),
        (r"It is not $\nabla_W L = \delta x^\top$. Then", False),
        (r"By the chain rule $\frac{\partial L}{\partial W} = \frac{\partial L}{\partial z}\frac{\partial z}{\partial W}$", False),
        (r"where $\alpha = \eta x^\top$", False),
        (r"with $d = 5$ and $dim = 3$", False),
    ],
)
def test_a_derivative_that_a_sentence_states_is_a_step_in_its_place(sentence: str, is_claim: bool) -> None:
    found = [step for step in formulas(rf"\[\delta = x\] {sentence} \[\nabla_b L = \delta\]") if GIVEN not in step]
    inner = sentence.partition("$")[2].partition("$")[0]
    assert [claim for _, claim in found] == [r"\delta = x", *[" ".join(inner.split())] * is_claim, r"\nabla_b L = \delta"]


def test_formulas_in_brackets_within_lines_are_those_in_dollars(tmp_path: Path) -> None:
    (path := tmp_path / "a.md").write_text(r"Here \[\delta = x\] and so \( \nabla_b L = \delta \).")
    assert [step[1] for step in read_claims(path)] == [r"\delta = x", r"\nabla_b L = \delta"]
    path.write_text(r"All of \(\delta = x\) and \(\nabla_b L = \delta\).")
    assert [step[1] for step in read_claims(path)] == [r"\delta = x", r"\nabla_b L = \delta"]


W, B = r"\frac{\partial L}{\partial W} = H^\top (P - Y)", r"\frac{\partial L}{\partial b} = \sum_i \left(P_i - Y_i\right)"


@pytest.mark.parametrize("gap", [r", \qquad ", r"\quad ", ", ", r" \quad\text{and}\quad ", r" \text{ and } ", "; ", r",\; "])
@pytest.mark.parametrize(
    "second", [B, r"\nabla_b L = \delta", r"dK = dS^\top Q", r"\mathrm{d}K = 1", r"\delta_1 = W^\top \delta_2"]
)
def test_derivatives_beside_each_other_are_steps(gap: str, second: str) -> None:
    assert [claim for _, claim in formulas(f"$$ {W}{gap}{second} $$")] == [W, second]


@pytest.mark.parametrize(
    "one",
    [
        r"\frac{\partial L}{\partial W} = X^\top r, \quad r = X W - y",
        r"\frac{\partial L}{\partial W} = \left(x = 1, \frac{\partial L}{\partial z} = 2\right)",
        r"G = \begin{cases} 1, & \frac{\partial L}{\partial z} = 0 \\ 0 \end{cases}".replace(r"\\ 0", ""),
        r"\frac{\partial L}{\partial W} = [x, \frac{\partial L}{\partial z}]",
    ],
)
def test_what_is_one_claim_stays_one(one: str) -> None:
    assert len(list(formulas(f"$$ {one} $$"))) == 1


LOGISTIC = "X: data[n, d]\ny: binary[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))"
CURVED = r"$$\nabla^2 L(w) = \sum_i p_i(1 - p_i) x_i x_i^\top = X^\top S X,$$"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (rf"{CURVED} where $S = \operatorname{{diag}}(p_i(1-p_i))$, and $p = \sigma(Xw)$ as above.", "right, identity"),
        (rf"Let $S := \operatorname{{diag}}(p \odot (1-p))$ and $n = 5$. {CURVED}", "right, identity"),
        (rf"{CURVED} with $S = \operatorname{{diag}}(p)$.", "wrong"),
        (rf"{CURVED} with $S = \clubsuit(p)$.", "undecided"),
        (CURVED, "undecided"),
        (rf"$$\nabla L(w) = X^\top (p - y), \quad S = \operatorname{{diag}}(p \odot (1 - p))$$ {CURVED}", "right, identity"),
        (r"$$H = \nabla^2 L(w) = X^\top \operatorname{diag}(p \odot (1-p)) X$$", "right, identity"),
        (
            r"$$r_i = p_i - y_i$$ $$\frac{\partial L}{\partial w_j} = \sum_i r_i X_{ij}$$ $$\nabla L(w) = X^\top r$$",
            "right, identity",
        ),
        (r"$$r_i = p_i - y_i$$ $$\frac{\partial L}{\partial X_{ij}} = r_i w_j$$", "right, identity"),
        (r"$$r_i = p_i - y_i$$ $$\frac{\partial L}{\partial X_{ij}} = r_i w_i$$", "wrong shape"),
    ],
)
def test_a_name_is_what_a_step_or_a_sentence_says(tmp_path: Path, text: str, verdict: str) -> None:
    (tmp_path / "claims.md").write_text(text)
    assert sb.verify(LOGISTIC, read_claims(tmp_path / "claims.md")).verdict.startswith(verdict)


def test_no_file_and_no_claim_is_refused(run: Run) -> None:
    outcome = run("verify", NET, "nothing.json")
    assert outcome.code == 2
    assert "there is no file nothing.json" in outcome.err
    assert run("verify", NET, "W_2 = x", "--call", "m").code == 2


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        (r"\begin{align} g &= a \\ &\quad + \sum_{t=1}^T b_t \tag{BP1} \end{align}", [r"g = a + \sum_{t=1}^T b_t"]),
        (r"\[ \begin{split} g &= a + \\ & b \\ h &= c \end{split} \]", ["g = a + b", "h = c"]),
        (r"$$ g = a b $$ $$ = c $$ $$ = d $$", ["g = a b", "g = c", "g = d"]),
        (r"$$ J = \begin{pmatrix} a & b \\ c & d \end{pmatrix} $$", [r"J = \begin{pmatrix} a & b \\ c & d \end{pmatrix}"]),
        (r"\begin{align} -g &= a \\ -h &= b \\ &\odot c \nonumber \end{align}", ["-g = a", r"-h = b \odot c"]),
    ],
)
def test_a_formula_goes_on_over_lines_and_displays(text: str, claims: list[str]) -> None:
    assert [claim for _, claim in formulas(text)] == claims


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (r"$$ g \leftarrow \nabla_a J = a - y $$", r"g = \nabla_a J = a - y"),
        (r"$$ w \leftarrow w - \eta g $$", r"w = w - \eta g"),
        (r"$$ w \leftarrow g $$", None),
        (r"$$ g = a - y \quad \text{이다.} $$", "g = a - y"),
        (r"$$ g = a - y \quad (\text{여기서 } \sigma' = \sigma(1 - \sigma)) $$", "g = a - y"),
        (r"$$ g = a - y \qquad \text{by the chain rule} $$", "g = a - y"),
        (r"$$ g = a \text{ if } a > 0 $$", r"g = a \text{ if } a > 0"),
    ],
)
def test_remarks_and_arrows_of_prose(text: str, claim: str | None) -> None:
    assert [found for _, found in formulas(text)] == ([claim] if claim else [])


PAGE_NET = "x: data[d]\ny: data[c]\nW: parameter[c, d]\nyhat = W @ x\nL = sum((yhat - y)**2)"
TYPED_PAGES = [  # what somebody types into a page without a formula in LaTeX
    "# My answer\n\nD = 2 (yhat - y)\ndL/dW = D x^T\n", "dyhat = 2*(yhat - y)\ndW = outer(dyhat, x)\n",
    "I get\n\n- dyhat = 2*(yhat - y)\n- so dW = outer(dyhat, x)\n\nand that is all.\n", "Write\n\n    dW = outer(2*(yhat - y), x)\n",
    "The result is `dW = 2*outer(yhat - y, x)`.\n", "dL/dyhat = 2*(yhat - y)\ndL/dW = dL/dyhat * x.T\n",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".md", ".tex"])
@pytest.mark.parametrize("text", TYPED_PAGES)
def test_lines_that_are_typed_are_claims_where_a_page_has_no_formula(tmp_path: Path, text: str, suffix: str):
    net = sb.read(PAGE_NET)
    for factor, right in (("2", True), ("3", False)):
        (tmp_path / f"page{suffix}").write_text(text.replace("2", factor))
        found = sb.verify(net, tmp_path / f"page{suffix}").claims
        assert all(one.right for one in found if one.kind != "abbreviation") == right
        assert {one.asked.wrt for one in found if one.asked} >= {"W"}


@pytest.mark.parametrize(
    "line", ["dW = 3*outer(D, x)", "- `dW = 3*outer(D, x)`", "```\ndW = 3*outer(D, x)\n```", "so dW = 3 D x^T"]
)
def test_lines_that_are_typed_are_judged_beside_formulas(tmp_path: Path, line: str):
    page = tmp_path / "page.md"
    page.write_text(f"Let $D = 2(\\hat y - y)$. Then\n\n{line}\n\nHere dim = 3 and data = all.\n")
    found = sb.verify(sb.read(PAGE_NET), page).claims
    assert [one.kind for one in found] == ["right, identity", "wrong"]
    page.write_text(page.read_text().replace("3*", "").replace("3 D", "D"))
    assert all(one.right for one in sb.verify(sb.read(PAGE_NET), page).claims)


@pytest.mark.parametrize(("text", "right"), [
    (r'{"W": "2(\hat y - y) x^\top"}', True), (r'{"W": "\frac{2}{1} (\hat y - y)\, x^{\top}"}', True),
    (r'{"W": "D = 2*(yhat - y)\nouter(D, x)"}', True), (r'[["delta", "2(\\hat y - y)"], ["W", "\\delta x^\\top"]]', True),
    (r'{"W": "\frac{1}{1} (\hat y - y) x^\top"}', False),
])  # fmt: skip
def test_latex_in_json_needs_no_second_backslash(tmp_path: Path, text: str, right: bool):
    (tmp_path / "claims.json").write_text(text)
    assert all(one.right for one in sb.verify(sb.read(PAGE_NET), tmp_path / "claims.json").claims) == right


@pytest.mark.parametrize(("text", "said"), [
    ('{"W": "outer(yhat - y, x)",}', '; names and claims stand in double quotes, {"W_1": "claim", "W_2": "claim"}, without a comma'),
    ("{'W': 'x'}", "names and claims stand in double quotes"), ('{"W": 3}', 'W is 3, no text; write {"W": "claim"}'),
    ('["outer(y, x)"]', "'outer(y, x)' is no step; write a list of steps"), ("{}", 'there is no claim; write an object {"W_1": "claim"}'),
])  # fmt: skip
def test_json_that_is_no_claim_says_how_claims_are_written(tmp_path: Path, text: str, said: str):
    (tmp_path / "claims.json").write_text(text)
    with pytest.raises(ClaimsError) as fault:
        read_claims(tmp_path / "claims.json")
    assert said in str(fault.value)


def test_a_block_of_python_in_a_text_is_code() -> None:
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nL = sum((X @ w - y)**2)"
    text = "The backward pass:\n```python\nr = X @ w - y\ndw = 2*X.T @ r\n```\n"
    assert sb.verify(net, text).ok
    assert sb.verify(net, text.replace("2*X", "3*X")).claims[-1].wrong
