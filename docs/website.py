"""Build the documentation site: `make docs`, or `python docs/website.py FOLDER`. Any warning is an error.

The pages are those of docs/, a gallery of the examples with the box and the picture of each, and a reference of the public names.
"""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.formulas.mathml import mathml
from symbackprop.server.gallery import Example, gallery

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
RESULTS = {  # what the verbs return
    "Network": "core.network",
    "Derivation": "core.derivation",
    "GradientView": "core.derivation",
    "Check": "evaluate.verdict",
    "Verification": "judge.verdicts.verdict",
    "Compiled": "backends.function",
    "Trained": "training.result",
}
WIDTHS = (820.0, 360.0)  # of a picture, and of one for a telephone
ENDS = ("", "-narrow")  # of the names of their files
STYLE = """@font-face { font-family: "STIX Two Math"; src: url("math.ttf") format("truetype"); font-display: swap; }
math { font-family: "STIX Two Math", math; }
.formula { overflow-x: auto; overflow-y: hidden; padding: .3rem 0; }
.box { border-left: 3px solid var(--color-brand-primary); padding-left: 1rem; margin: 1rem 0; }
.highlight-text pre { white-space: pre-wrap; }
.picture img { background: #fffdf9; border-radius: 4px; max-width: 100%; height: auto; }
.picture.narrow { display: none; }
@media (max-width: 46rem) { .picture.narrow { display: block; } .picture.wide { display: none; } }
"""


def pages() -> Iterator[tuple[str, str | bytes]]:
    """Each page and picture that Sphinx reads: its name, its content."""
    for path in sorted(DOCS.glob("*.md")):
        text = linked(path.read_text(encoding="utf-8"))
        yield path.name, indexed(text) if path.name == "index.md" else text
    for path in sorted((DOCS / "pictures").rglob("*.svg")):
        yield str(path.relative_to(DOCS)), path.read_bytes()
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")  # its links start at the root
    yield "changelog.md", linked(changes.replace("](docs/", "](").replace("](examples/", "](../examples/"))
    yield "_static/own.css", STYLE
    yield "_static/math.ttf", files("ziamath").joinpath("fonts", "STIXTwoMath-Regular.ttf").read_bytes()
    yield "api.md", reference()
    yield "gallery/index.md", overview()
    with ProcessPoolExecutor() as pool:
        for made in pool.map(shown, gallery()):
            yield from made


def indexed(text: str) -> str:
    """The first page; pages that its tables of contents do not name yet stand in a last one."""
    rest = sorted(path.stem for path in DOCS.glob("*.md") if not re.search(rf"(?m)^{path.stem}$", text) and path.stem != "index")
    return "\n".join([text, "```{toctree}", ":hidden:", ":caption: More", "", *rest, "```", ""]) if rest else text


def linked(text: str) -> str:
    """A page whose links to examples lead to the gallery."""

    def link(match: re.Match[str]) -> str:
        target = match[1].removesuffix("/")
        known = target.removesuffix(".net") in {one.name for one in gallery()}
        return f"](gallery/{target.removesuffix('.net')}.md)" if known else "](gallery/index.md)"

    return re.sub(r"\]\(\.\./examples/([^)#]*)\)", link, text)


# -- the gallery ----------------------------------------------------------------------------------------------------------


def overview() -> str:
    """The page that lists the examples, room by room."""
    rooms: dict[str, list[Example]] = {}
    for one in gallery():
        rooms.setdefault(one.name.rpartition("/")[0], []).append(one)
    out = ["# Gallery", "", "Every network that comes with the package: `symbackprop examples copy NAME` copies one.", ""]
    for room, found in sorted(rooms.items()):
        out += [f"## {room.capitalize() or 'Networks'}", ""]
        out += [f"- [{plain(one.title)}]({one.name}.md) `{one.name}`" for one in found] + [""]
    return "\n".join([*out, "```{toctree}", ":hidden:", "", *(one.name for one in gallery()), "```", ""])


def shown(one: Example) -> list[tuple[str, str]]:
    """The page of an example, and its picture."""
    network = sb.read(one.text)
    of = network.loss if network.program.shape(network.loss) else None  # of what is no scalar, the Jacobian
    derivation = sb.derive(network, of=of)
    box, pictures = derivation.box(), []
    out = [f"# {plain(one.title)}", "", "```python", one.text.strip(), "```", ""]
    values = [line for line in box.lines if line.name in derivation.forward.tensors]  # of a layer, which nobody wrote
    for heading, lines in (("The network", values), ("The gradients", [line for line in box.lines if line not in values])):
        formulas = [f'<div class="formula">{mathml(line.formula, display=True)}</div>' for line in lines]
        out += [f"## {heading}", "", "```{raw} html", '<div class="box">', *formulas, "</div>", "```", ""] if lines else []
    out += [f"The gradient by `{name}` has no short form: {why}. Its step gives it.\n" for name, why in box.missing.items()]
    name = one.name.rpartition("/")[2]
    try:
        pictures += [
            (f"gallery/{one.name}{end}.svg", str(sb.draw(derivation, width=w))) for w, end in zip(WIDTHS, ENDS, strict=True)
        ]
    except SymbackpropError as refused:  # a graph that is too large
        out += [plain(str(refused)), ""]
    else:
        out += ["## The computational graph", ""]
        for end, shown_where in zip(ENDS, ("wide", "narrow"), strict=True):
            out += ["```{raw} html", f'<div class="picture {shown_where}">', "```", ""]
            out += [f"![The computational graph of {name}, with values in green and gradients in red]({name}{end}.svg)", ""]
            out += ["```{raw} html", "</div>", "```", ""]
    out += ["## Every step", "", "```", f"symbackprop examples copy {one.name}"]
    out += [f"symbackprop derive {one.name.rpartition('/')[2]}.net -o report.html", "```", ""]
    return [*pictures, (f"gallery/{one.name}.md", "\n".join(out))]


# -- the public names -----------------------------------------------------------------------------------------------------


def reference() -> str:
    """The page of the public names, from their docstrings."""
    refusals = [name for name in sb.PUBLIC if isinstance(getattr(sb, name), type)]
    out = ["# The Python API", "", "What `import symbackprop as sb` has, beside the [functions of the language](reference.md).", ""]
    out += ["## Functions", ""]
    for name in sb.PUBLIC:
        if name not in refusals:
            out += entry(f"sb.{name}", getattr(sb, name))
    out += ["## What they return", ""]
    for name, module in RESULTS.items():
        out += described(name, getattr(__import__(f"symbackprop.{module}", fromlist=[name]), name))
    out += ["## Refusals", "", "All of them are `sb.SymbackpropError`, which is a `ValueError`.", ""]
    out += [line for name in refusals for line in entry(f"sb.{name}", getattr(sb, name), called=False)]
    return "\n".join(out)


def described(name: str, kind: type) -> list[str]:
    """A class with what a user calls of it."""
    out = entry(name, kind, called=False)
    for own, member in vars(kind).items():
        function = member.func if hasattr(member, "func") else member.fget if isinstance(member, property) else member
        if not own.startswith("_") and inspect.isfunction(function) and function.__doc__:
            out += entry(f"{name}.{own}", function, called=function is member, level=4)
    return out


def entry(name: str, thing: Any, called: bool = True, level: int = 3) -> list[str]:
    """A name: how it is called, its docstring."""
    first, _, rest = inspect.cleandoc(thing.__doc__ or "").partition("\n")
    out = [f"{'#' * level} {name}", ""]
    if called:
        signature = inspect.signature(thing)
        bare = [p.replace(annotation=p.empty) for p in signature.parameters.values() if p.name != "self"]
        out += ["```text", f"{name}{signature.replace(parameters=bare, return_annotation=signature.empty)}", "```", ""]
    return [*out, plain(first), "", *explained(rest)]


def explained(text: str) -> Iterator[str]:
    """The rest of a docstring: what it lists in columns is a list, what is laid out otherwise stays so, the rest are sentences."""
    for paragraph in filter(str.strip, re.split(r"\n[ ]*\n", text.strip("\n"))):
        lines = paragraph.split("\n")
        rows, below = columns(lines)
        yield from (f"- `{name}`: {plain(said)}" for name, said in rows)
        if any(line[:1] == " " or "   " in line for line in below):
            yield from ("```text", *below, "```")
        else:
            yield from ("", *map(plain, below), "")


def columns(lines: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Names beside what is said of them, `name   said`, which goes on where a line is indented; and the lines below."""
    rows: list[tuple[str, str]] = []
    start = 0  # of what is said, where a name is as wide as its column
    for place, line in enumerate(lines):
        if found := re.match(r"([^\s`]+(?:,? [^\s`]+)*?)  +(?=\S)", line):
            rows.append((found[1], line[found.end() :]))
            start = start or found.end()
        elif rows and line[:1] == " ":
            rows[-1] = rows[-1][0], f"{rows[-1][1]} {line.strip()}"
        elif rows and line[0].islower() and re.fullmatch(r"\S+ ", line[:start]):
            rows.append((line[:start].strip(), line[start:]))
        else:
            return rows, lines[place:]
    return rows, []


def plain(text: str) -> str:
    """A text in which Markdown finds no marks but those of code."""
    parts = text.split("`")
    whole = len(parts) % 2 == 1  # each mark has its partner
    return "`".join(part if k % 2 and whole else re.sub(r"([\\`*_\[\]$<>#|])", r"\\\1", part) for k, part in enumerate(parts))


# -- the build ------------------------------------------------------------------------------------------------------------


def build(output: Path) -> int:
    """Write the site into a folder; the exit code of Sphinx."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in pages():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        shutil.rmtree(output, ignore_errors=True)
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "auto", "-c", str(DOCS)]
        command += ["-D", f"html_static_path={folder}/_static", folder, str(output)]
        return subprocess.run(command).returncode


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "docs")
    code = build(target)
    sys.stdout.write(f"{target / 'index.html'}\n" if code == 0 else "")
    sys.exit(code)
