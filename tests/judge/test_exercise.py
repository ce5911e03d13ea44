"""Handouts with gaps, and exercises: the key is marked right, what people get wrong is marked wrong in its place."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.documents.formats import FORMATS
from symbackprop.documents.gaps import Handout, numbered
from symbackprop.formulas.tree import Marked, walk
from symbackprop.judge.exercise import SWAPPED, _varied, exercise
from symbackprop.judge.texts.files import read_claims, typed_claims
from tests.command import Run

EXAMPLES = Path(__file__).parents[2] / "examples"
BIASES = EXAMPLES / "two_layer_biases.net"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture(scope="module")
def handout() -> Handout:
    return sb.derive(BIASES).handout("delta_1, W_2")


def marked(document) -> list:
    formulas = [row.formula for block in document.blocks for row in getattr(block, "rows", ()) if hasattr(row, "formula")]
    formulas += [x for block in document.blocks for part in getattr(block, "parts", ()) for x in part.formulas]
    return [node for formula in formulas for node in walk(formula) if isinstance(node, Marked)]


@pytest.mark.slow
def test_a_gap_hides_what_the_solution_frames(handout: Handout) -> None:
    gaps, filled = marked(handout.sheet), marked(handout.solution)
    assert len(gaps) == len(filled) >= 4
    said = {row.name: row.write(handout.sheet) for row in FORMATS if not row.binary}
    right = {row.name: row.write(handout.solution) for row in FORMATS if not row.binary}
    assert said.keys() == right.keys()
    assert all(said[name] != right[name] for name in said)
    assert "∂L/∂W₂ = ⟦(1)⟧" in said["text"]
    assert "∂L/∂W₂ = ⟦δ₂ aᵀ⟧" in right["text"]
    assert "⟦δ₂ aᵀ⟧" not in said["text"]
    assert r"\boxed{" in said["latex"]
    assert "δ₂ aᵀ" not in said["text"]
    assert "W₂ᵀ δ₂" not in said["text"]


def test_a_gradient_is_named_as_people_name_it() -> None:
    derivation = sb.derive(BIASES)
    names = derivation.box().names
    for name in ("W_2", "dL/dW_2", r"\delta_{2}", "delta_2", "δ₂", "yhat"):
        [found] = numbered(derivation, names, [name])
        assert found in ("dL/dW_2", "dL/dyhat")


@pytest.mark.parametrize(
    ("blank", "why"),
    [
        ("W_3", "there is no gradient W_3 to leave out: .*W_2"),
        ("a", 'dL/da has no line of its own in this report; with detail="full" every gradient has one'),
        (" , ", "nothing is named that could be left out; write names and commas"),
    ],
)
def test_a_gap_that_cannot_be_made_is_refused(blank: str, why: str) -> None:
    with pytest.raises(sb.DerivationError, match=why):
        sb.derive(BIASES).handout(blank)


def test_every_gradient_has_a_line_of_its_own_in_full() -> None:
    assert marked(sb.derive("x: parameter\ny = x**2\nL = y**2").handout("y", detail="full").sheet)


def test_the_solution_is_written_beside_the_sheet(run: Run, tmp_path: Path) -> None:
    done = run("derive", BIASES, "--blank", "delta_1,W_2", "-o", tmp_path / "handout.md", "--lang", "ko")
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.iterdir()} == {"handout.md", "handout-solution.md"}
    assert "빈칸" in (tmp_path / "handout.md").read_text(encoding="utf-8")
    assert "⟦(1)⟧" in run("derive", BIASES, "--blank", "delta_1").out
    assert run("derive", BIASES, "--blank", "Q").code == 2


KEYS = [
    (BIASES, 3),
    ("w: parameter\nx: data\nL = (w*x - 1)**2", 0),
    pytest.param(BIASES, 0, marks=pytest.mark.slow),
    pytest.param(EXAMPLES / "losses" / "cross_entropy.net", 2, marks=pytest.mark.slow),
    pytest.param(EXAMPLES / "loops" / "mlp_of_any_depth.net", 0, marks=pytest.mark.slow),
]


def test_a_recursion_is_asked_for_at_its_steps() -> None:
    made = exercise("w: parameter[d]\nz[0] = w\nfor l in 1..n:\n    z[l] = tanh(w*z[l-1])\nL = sum(z[n])\n", 0)
    asked = [made._asked(line).line() for line in made.asked]
    assert asked[:2] == ["δ⁽ⁿ⁾ = ∂L/∂(w ⊙ z⁽ⁿ⁻¹⁾): d", "δ⁽ˡ⁾ = ∂L/∂(w ⊙ z⁽ˡ⁻¹⁾): d, l = n − 1, …, 1"]


@pytest.mark.parametrize(("net", "seed"), KEYS)
def test_the_key_is_marked_right(net, seed: int, tmp_path: Path) -> None:
    made = exercise(net, seed)
    made.save(tmp_path, format="markdown")
    verdict = sb.verify(tmp_path / "network.net", read_claims(tmp_path / "key.claims.md"))
    assert verdict.exit_code == 0, verdict
    assert all(claim.right for claim in verdict.claims if claim.what)
    sheet, key = ((tmp_path / name).read_text(encoding="utf-8") for name in ("sheet.md", "key.md"))
    assert all(r"\frac{\partial L}" in text for text in (sheet, key))
    answers, names = zip(*(line.latex().partition(" = ")[::-2] for line in made.asked), strict=True)
    assert not [answer for answer in answers if answer not in names and answer in sheet]  # a name stands there: it is asked for
    for gradient in made.gradients.values():
        assert np.isfinite(gradient).all()
        assert np.any(gradient)


def test_what_is_varied_is_not_called_what_it_was() -> None:
    text = "# L through sigma(W x)\n# a remark\nx: data[d]\nW: parameter[h, d]\nL = sum(sigmoid(W @ x))"
    assert (exercise(text).network.source or "").startswith("# L through")
    assert (exercise(text, 1).network.source or "").startswith("# a remark\nx: data")


def test_every_seed_but_0_varies_the_network() -> None:
    for text in ("w: parameter\nL = tanh(w)", "w: parameter\nL = tanh(relu(w))"):
        network = sb.read(text)
        assert all(_varied(network, seed).source != text for seed in range(1, 30))


def test_the_same_seed_is_the_same_exercise_and_another_varies_it() -> None:
    texts = {seed: exercise(BIASES, seed).network.source for seed in range(4)}
    assert texts[0] == sb.read(BIASES).source
    assert texts[3] == exercise(BIASES, 3).network.source
    used = {seed: set(re.findall(r"(\w+)\(", text)) & set(SWAPPED) for seed, text in texts.items()}
    assert len({tuple(sorted(names)) for names in used.values()}) > 1
    two = "x: data[n]\nw: parameter[n]\nL = sum(tanh(w*x) + relu(w) + tanh(x))  # not tanh(x)\n"
    swapped = exercise(two, 5).network.source
    assert swapped.endswith("# not tanh(x)") or "# not tanh(x)" in swapped
    names = re.findall(r"(\w+)\(", swapped.partition("sum(")[2].partition("#")[0])
    assert names[0] == names[2] != names[1]


LEFT = {
    "W_1": r"\frac{\partial L}{\partial W_{1}}",
    "W_2": r"\frac{\partial L}{\partial W_{2}}",
    "b_2": r"\frac{\partial L}{\partial b_{2}}",
    "delta_1": r"\delta_{1}",
}
MISTAKES = {  # what people hand in, and the first gradient that is wrong by it
    "bob": ("W_1", r"x \delta_{1}^{\top}", "W_{1}"),
    "cat": ("delta_1", r"W_{2}^{\top} \delta_{2}", "b_{1}"),
    "dan": ("W_2", r"\delta_{2}", "W_{2}"),
    "eve": ("b_2", r"-\delta_{2}", "b_{2}"),
}


def with_mistake(key: str, name: str, wrong: str) -> str:
    text, count = re.subn(rf"(?m)^{re.escape(LEFT[name])} = .*$", lambda _: f"{LEFT[name]} = {wrong}", key)
    assert count == 1
    return text


@pytest.mark.parametrize("student", ["bob", *(pytest.param(name, marks=pytest.mark.slow) for name in MISTAKES if name != "bob")])
def test_a_mistake_is_marked_in_its_place(student: str) -> None:
    made = exercise(BIASES, 3)
    name, wrong, place = MISTAKES[student]
    verdict = sb.verify(made.network, typed_claims(with_mistake(made.claims(), name, wrong)))
    assert verdict.exit_code == 1
    assert place in verdict.claims[verdict.first_wrong_step].name


@pytest.mark.slow
def test_what_comes_back_is_marked(run: Run, tmp_path: Path) -> None:
    assert run("exercise", BIASES, "--seed", 3, "-o", tmp_path / "exercise", "--format", "text").code == 0
    key, answers = ((tmp_path / "exercise" / name).read_text(encoding="utf-8") for name in ("key.claims.md", "answers.md"))
    (tmp_path / "class").mkdir()
    half = re.sub(r"2 \\left\((.*)\\right\)", r"\1", key)  # the 2 is forgotten where it begins; what follows is right
    for student, text in {"ann": key, "bob": with_mistake(key, *MISTAKES["bob"][:2]), "gil": answers, "hal": half}.items():
        (tmp_path / "class" / f"{student}.md").write_text(text, encoding="utf-8")
    points = ",".join(f"{name}=1" for name in exercise(BIASES, 3).points)
    done = run(
        "verify",
        tmp_path / "exercise" / "network.net",
        tmp_path / "class",
        "--points",
        points,
        "--csv",
        tmp_path / "marks.csv",
        "--quiet",
    )
    assert done.code == 1, done.err
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO((tmp_path / "marks.csv").read_text(encoding="utf-8")))}
    assert rows["ann"]["verdict"].startswith("right")
    assert rows["bob"]["verdict"] == "up to convention (dL/dW_1)"
    assert (rows["gil"]["verdict"], rows["gil"]["W_1"], rows["gil"]["marks"]) == ("incomplete", "no claim", "0")
    assert rows["hal"]["verdict"].startswith("up to convention (dL/dyhat)")
    assert (rows["hal"]["marks"], rows["ann"]["marks"], rows["hal"]["of"]) == ("5", "6", "6")


@pytest.mark.parametrize(
    ("net", "why"),
    [
        ("x: parameter[n]\ny = 2*x", "a loss is a scalar"),
        (3, "is no text and no path"),
        (sb.read({"L": sb.parameter("w") ** 2}), "hands out the text of its network"),
    ],
)
def test_what_is_no_exercise_is_refused(net, why: str) -> None:
    with pytest.raises(sb.SymbackpropError, match=why):
        exercise(net)


def test_a_folder_that_cannot_be_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run("exercise", BIASES, "-o", tmp_path / "file")
    assert (done.code, done.out) == (2, "")
    assert "no folder can be made here" in done.err
