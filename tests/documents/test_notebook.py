"""A report as a notebook: it is one, it shows what the report says, and its cells run and make that again."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.documents.formats.notebook import Notebook
from tests.documents.sample import SAMPLE

EXAMPLES = Path(__file__).parents[2] / "examples"
DERIVED = {
    "a network": lambda: sb.derive(EXAMPLES / "two_layer.net"),
    "an expression": lambda: sb.derive("(x + y)*z", update="eta"),
    "named gates, another loss": lambda: sb.derive(sb.read("x: parameter\nf = x*x + 1\ng = f*x\n", loss="f", gates="elementary")),
    "quotes and backslashes": lambda: sb.derive('# a "title" \\alpha """\nx: parameter\nL = x**2'),
}
SLOW = {
    "a Jacobian": lambda: sb.derive(EXAMPLES / "linear_map.net", of="q"),
    "a second derivative": lambda: sb.derive(sb.derive("x: parameter[n]\nL = sum(x**4)"), vector="v"),
    "a backward pass": lambda: sb.derive("X: data[n, d]\nW: parameter[d, h]\nY = tanh(X @ W)", of="Y", upstream="dY"),
    "a loop": lambda: sb.derive("x: data[d]\nW: parameter[n, d, d]\nz[0] = x\nfor l in 1..n:\n    z[l] = tanh(W[l] @ z[l-1])\nL = sum(z[n]**2)"),
    "labels": lambda: sb.derive(EXAMPLES / "losses" / "cross_entropy.net"),
}  # fmt: skip
ALL = [*DERIVED, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


def run(notebook: dict) -> dict:
    """Every cell of code, one after the other; what they leave behind."""
    names: dict = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile(cell["source"], cell["id"], "exec"), names)
    return names


@pytest.mark.slow
@pytest.mark.parametrize("what", ALL)
def test_a_notebook_runs_and_derives_what_it_shows(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    derivation = {**DERIVED, **SLOW}[what]()
    notebook = json.loads(derivation.report("notebook"))
    names = run(notebook)
    assert names["derivation"].program == derivation.program
    assert names["derivation"].update == derivation.update
    code = [cell["source"].rpartition("\n")[2] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code[:3] == ["derivation.box()", "sb.draw(derivation)", "derivation.check()"]
    if derivation.mode == "gradient" and derivation.first is None:
        assert names["losses"][-1] < names["losses"][0] or names["losses"][0] == names["losses"][-1] == 0
        assert " -> " in capsys.readouterr().out


def test_it_is_a_notebook_that_shows_its_results_before_it_is_run() -> None:
    text = DERIVED["an expression"]().report("notebook")
    notebook = json.loads(text)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    if find_spec("nbformat"):
        import nbformat

        nbformat.validate(nbformat.reads(text, 4))
    shown = [kind for cell in notebook["cells"] for output in cell.get("outputs", ()) for kind in output["data"]]
    assert shown == ["image/svg+xml", "text/markdown"]
    said = "\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    assert r"\frac{\partial" in said
    assert said.count("\n## ") + said.startswith("## ") >= 4


def test_its_sentences_are_in_the_language_of_the_report() -> None:
    assert "경사 하강법" in DERIVED["an expression"]().report("notebook", lang="ko")


def test_a_document_without_code_is_text_alone() -> None:
    cells = json.loads(Notebook.write(SAMPLE))["cells"]
    assert {cell["cell_type"] for cell in cells} == {"markdown"}


@pytest.mark.parametrize(
    "network",
    [
        lambda: sb.read({"L": sb.parameter("w") ** 2}),
        lambda: sb.read("x: parameter\nL = sigmoid(x)", expand="sigmoid"),
        lambda: sb.read("W @ x", let=["W: parameter[h, d]", "x: data[d]"]),
    ],
)
def test_a_network_that_its_text_does_not_tell_is_refused(network, tmp_path: Path) -> None:
    network = network()
    of = network.loss if network.program.shape(network.loss) else None
    with pytest.raises(sb.DerivationError, match="a notebook holds the text of its network, and this one has none"):
        sb.derive(network, of=of).save(tmp_path / "report.ipynb")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_jupyter_runs_it() -> None:
    import nbclient
    import nbformat

    notebook = nbformat.reads(DERIVED["an expression"]().report("notebook"), 4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    kinds = {kind for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs if "data" in o for kind in o.data}
    assert {"image/svg+xml", "text/markdown", "text/latex"} <= kinds
