"""The page as a folder: what is in it, what is refused, and that its Python derives where there is no NumPy."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from symbackprop.server import bundle, runtime, site
from symbackprop.server.browser import NO_NUMBERS
from symbackprop.server.gallery import gallery
from symbackprop.server.runtime import SiteError
from symbackprop.server.serve import STATIC
from tests.command import EXAMPLES, Run

WHEEL = b"a wheel"
LOCK = {"packages": {"numpy": {"file_name": "numpy-2.whl", "sha256": hashlib.sha256(WHEEL).hexdigest()}}}
FILES = {name: json.dumps(LOCK).encode() if name == runtime.LOCK else name.encode() for name in runtime.HASHES}

# NumPy, and all else that a browser has not, cannot be imported
ANSWERED = """
import json, sys
from symbackprop.server.browser import ask
print(json.dumps([json.loads(ask(name, json.dumps(question))) for name, question in json.loads(sys.argv[1])]))
"""
ALONE = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {{"numpy", "fontTools", "pytest", "latexify", "ziamath", "click", "rich"}}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
{ANSWERED}"""


@pytest.fixture
def pyodide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of the names that Pyodide has, and hashes that are theirs."""
    monkeypatch.setattr(runtime, "HASHES", {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()})
    monkeypatch.setattr(site.bundle, "sources", lambda: b"sources")
    monkeypatch.setattr(site.shutil, "which", lambda program: None)
    folder = tmp_path / "pyodide"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


# -- the folder -----------------------------------------------------------------------------------------------------------


def test_the_folder_has_the_page_and_the_runtime_and_asks_for_nothing_else(pyodide: Path, tmp_path: Path) -> None:
    found = site.write(str(tmp_path / "site"), str(pyodide))
    assert (found.numbers, found.compiled) == (False, False)
    names = {str(path.relative_to(tmp_path / "site")) for path in (tmp_path / "site").rglob("*") if path.is_file()}
    own = {"index.html", "worker.js", "bundle.zip", "examples.json", "labels.json", "licences.txt", "site.json"}
    assert names == {*own, *(path[1:] for path in STATIC if path != "/"), *(f"pyodide/{name}" for name in FILES)}
    page = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert page.index("Content-Security-Policy") < page.index("<script")
    for name in ("index.html", "page.js", "ask.js", "worker.js", "page.css"):
        text = (tmp_path / "site" / name).read_text(encoding="utf-8")
        assert not re.search(r"""["'(]/[\w]|https?:""", text), name  # it may lie in a folder of a server, and no other is asked
    assert len(json.loads((tmp_path / "site/examples.json").read_text(encoding="utf-8"))) == len(gallery())
    assert sorted(os.listdir(tmp_path)) == ["pyodide", "site"]


def test_numpy_is_taken_where_it_is_there_and_is_the_one_that_the_runtime_names(pyodide: Path, tmp_path: Path) -> None:
    (pyodide / "numpy-2.whl").write_bytes(WHEEL)
    assert site.write(str(tmp_path / "site"), str(pyodide)).numbers
    assert (tmp_path / "site/pyodide/numpy-2.whl").read_bytes() == WHEEL
    about = json.loads((tmp_path / "site/site.json").read_text())
    assert (about["numbers"], about["memory"]) == ("numpy", "")
    (pyodide / "numpy-2.whl").write_bytes(b"another")
    with pytest.raises(SiteError, match=r"numpy-2\.whl is not that of Pyodide"):
        site.write(str(tmp_path / "site"), str(pyodide))
    assert (tmp_path / "site/pyodide/numpy-2.whl").read_bytes() == WHEEL  # as it was before


def test_files_of_two_builds_are_never_one_page(pyodide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser keeps files for hours: each is asked for by its build, which changes with whatever is in the folder."""
    builds = []
    for python in (b"sources", b"other sources"):
        monkeypatch.setattr(site.bundle, "sources", lambda python=python: python)
        site.write(str(tmp_path / "site"), str(pyodide))
        builds.append(json.loads((tmp_path / "site/site.json").read_text())["build"])
        page = (tmp_path / "site/index.html").read_text(encoding="utf-8")
        assert set(re.findall(r'"(?:\w+\.(?:js|css))\?(\w+)"', page)) == {builds[-1]}
        assert not re.search(r'="\w+\.\w+"', page)
    assert builds[0] != builds[1]


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_runtime_that_is_missing_or_another_is_refused(pyodide: Path, name: str) -> None:
    (pyodide / name).write_bytes(b"changed")
    with pytest.raises(SiteError, match=rf"{name} is not that of Pyodide .*: npm pack pyodide@"):
        runtime.runtime(str(pyodide))
    (pyodide / name).unlink()
    with pytest.raises(SiteError, match=f"there is no {name} in it; npm pack"):
        runtime.runtime(str(pyodide))


def test_a_folder_that_holds_something_else_stays_as_it_is(pyodide: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    for _ in range(2):  # a page that was written before is written anew
        site.write(str(place), str(pyodide))
    (place / "site.json").unlink()
    with pytest.raises(SiteError, match="holds something else; name a new folder"):
        site.write(str(place), str(pyodide))
    with pytest.raises(SiteError, match="is a file"):
        site.write(str(place / "index.html"), str(pyodide))
    with pytest.raises(SiteError, match=r"there is no folder .*none; make it first"):
        site.write(str(tmp_path / "none/site"), str(pyodide))


@pytest.mark.skipif(sys.platform != "linux", reason="there is no folder in which root may not write")
def test_a_folder_that_cannot_be_made_is_told_before_anything_is_fetched() -> None:
    with pytest.raises(SiteError, match="the folder /proc takes no folders"):
        site.write("/proc/site", "nowhere")


def test_without_npm_the_runtime_is_asked_for(run: Run, pyodide: Path) -> None:
    code, _, err = run("site", "-o", "site")
    assert code == 2
    assert "there is no npm to fetch it: npm pack pyodide@" in err
    assert not Path("site").exists()
    code, out, _ = run("site", "-o", "site", "--pyodide", pyodide)
    assert code == 0
    assert "NumPy's wheel" in out
    assert "without node" in out


# -- its Python -----------------------------------------------------------------------------------------------------------


def alone(*questions: tuple[str, dict[str, Any]], path: str = "", options: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    begin = f"import sys; sys.path.insert(0, {path!r})\n" if path else ""
    command = [sys.executable, *options, "-c", begin + ALONE, json.dumps(questions)]
    said = subprocess.run(command, capture_output=True, text=True, cwd=EXAMPLES.parent)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


@pytest.mark.slow
def test_the_page_is_imported_without_numpy() -> None:
    assert alone() == []


@pytest.mark.slow
def test_formulas_and_reports_need_no_numpy_and_say_that_nothing_is_proved() -> None:
    text = (EXAMPLES / "two_layer.net").read_text(encoding="utf-8")
    loop = "x: data[d]\nW: parameter[n, d, d]\nh[0] = x\nfor l in 1..n:\n    h[l] = tanh(W[l] @ h[l-1])\nL = sum(h[n]**2)\n"
    formats = ("html", "latex", "markdown", "json")
    shown, looped, wrong, checked, drawn, judged, *files = alone(
        ("formulas", {"text": text}),
        ("formulas", {"text": loop}),
        ("formulas", {"text": "x: parameter[n]\nL = smu(x)"}),
        ("checked", {"text": text}),
        ("picture", {"text": text}),
        ("judged", {"text": text, "claims": "W_2 = outer(2*(yhat - y), a)"}),
        *(("file", {"text": text, "format": format_}) for format_ in formats),
    )
    assert shown["gradients"]["W_2"]["latex"] == r"\frac{\partial L}{\partial W_{2}} = \delta_{\hat{y}} a^{\top}"
    for found in (shown, looped):
        assert found["ok"]
        assert "None of this is proved or checked" in found["html"]
    assert not wrong["ok"]
    assert wrong["faults"][0]["write"] == "sum"
    for found in (checked, drawn, judged):
        assert (found["ok"], found["lacks"], found["faults"][0]["message"]) == (False, "numpy", NO_NUMBERS)
    assert all(found["ok"] for found in files)


@pytest.fixture(scope="module")
def sources() -> bytes:
    return bundle.sources()


@pytest.mark.slow
def test_the_bundle_holds_what_the_page_uses_and_no_tests(sources: bytes) -> None:
    names = set(zipfile.ZipFile(io.BytesIO(sources)).namelist())
    assert {
        "symbackprop/server/browser.py",
        "symbackprop/documents/formats/style.css",
        "sympy/core/add.py",
        "mpmath/__init__.py",
    } <= names
    assert not [name for name in names if "/tests/" in name or name.startswith(("symbackprop/cli", "sympy/stats"))]


@pytest.mark.slow
def test_with_numpy_the_page_has_all_that_it_proves_draws_and_judges_with(tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(bundle.drawing())).extractall(tmp_path)
    for package in (*bundle.PACKAGES, "numpy", "numpy.libs"):
        (tmp_path / package).symlink_to(Path(find_spec(package.partition(".")[0]).origin).parent.with_name(package))
    text = (EXAMPLES / "two_layer.net").read_text(encoding="utf-8")
    claims = "W_2 = outer(2*(yhat - y), a)"
    latex = r"L = \sum_i (w^\top x_i - y_i)^2, w, x_i \in \mathbb{R}^d, y_i \in \mathbb{R}, i = 1, \ldots, n"
    asked = (
        ("checked", {"text": text}),
        ("picture", {"text": text}),
        ("judged", {"text": text, "claims": claims}),
        ("formulas", {"text": latex}),
    )
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{ANSWERED}"  # without site-packages: nothing else is there
    said = subprocess.run([sys.executable, "-I", "-S", "-c", program, json.dumps(asked)], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert [one["faults"] for one in found if not one["ok"]] == []
    assert found[1]["svg"].startswith("<svg")
    assert found[2]["verdict"] == "right, identity"


@pytest.mark.slow
def test_the_bundle_compiled_derives_alone(tmp_path: Path, sources: bytes) -> None:
    (tmp_path / "sources.zip").write_bytes(sources)
    program = (
        "import sys; sys.path.insert(0, 'sources.zip')\n"
        "from symbackprop.server.bundle import compiled\ncompiled('sources.zip', 'compiled.zip', 'rest.zip')"
    )
    # without site-packages: all that is imported comes from the bundle
    subprocess.run([sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, check=True)
    names = zipfile.ZipFile(tmp_path / "compiled.zip").namelist()
    assert "sympy/core/add.pyc" in names
    assert "sympy/core/add.py" not in names
    rest = zipfile.ZipFile(tmp_path / "rest.zip").namelist()
    assert set(names) == {*rest, *(name for name in names if name.endswith(".pyc"))}
    assert "sympy/core/add.pyc" not in rest
    texts = [one.text for one in gallery() if one.name in {"gates", "svm", "losses/cross_entropy"}]
    asked = [("formulas", {"text": text, "detail": "full"}) for text in texts]
    for found in alone(*asked, path=str(tmp_path / "compiled.zip"), options=("-I", "-S")):
        assert found["ok"], found["faults"]
