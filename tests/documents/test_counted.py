"""What nobody named is counted as a page shows it, and every line of a page says something."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.letters import is_nameless
from symbackprop.core.program import Program, Signature
from symbackprop.display.counted import Counted
from symbackprop.display.names import Names
from symbackprop.documents.document import Document, FormulaRows
from symbackprop.documents.within import formulas_within
from symbackprop.formulas import build as f
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.plain import plain
from symbackprop.formulas.tree import Accent, Atom, Node, Script, items_of, split, walk
from symbackprop.server.answers import answer

ROOT = Path(__file__).parents[2]
SHOWN = sorted({*(ROOT / "examples").rglob("*.net"), *(ROOT / "tests" / "networks").rglob("*.net")})
QUICK = ("natural_gradient", "prod", "lagrangian", "low_rank_dense")


def derived(path: Path) -> Derivation:
    network = sb.read(path)
    return sb.derive(network, of=network.loss)


def numbers(formulas: list[Node], head: Node) -> set[int]:
    """The numbers that stand directly below a letter; 0 for the letter by itself."""
    found, within = set[int](), set[int]()
    for node in (part for formula in formulas for part in walk(formula)):
        if isinstance(node, Script):
            base = node.base.body if isinstance(node.base, Accent) else node.base
            first = items_of(node.sub)[0] if node.sub is not None else None
            if base == head:
                within.add(id(node.base))
                found.add(int(first.text) if isinstance(first, Atom) and first.kind == "number" else 0)
        elif node == head and id(node) not in within:
            found.add(0)
    return found


def heads(program: Program) -> set[Node]:
    """The letters of the values that nobody named, but those that a name has as well."""
    nameless = {n for n, t in program.tensors.items() if is_nameless(n) and not t.has_name and t.role is None}
    others = {parse_name(n).base for n in program.tensors.keys() - nameless}
    return {parse_name(n).base for n in nameless} - others


def counted(found: set[int]) -> bool:
    return found in (set(), {0}) or found - {0} == set(range(1, len(found - {0}) + 1))


def shown(document: Document) -> list[Node]:
    return list(formulas_within(document.blocks))


def require_counted(path: Path, details: tuple[str, ...]) -> None:
    derivation = derived(path)
    for detail in details:
        document = derivation.document(detail=detail)
        for head in heads(derivation.told.program):
            assert counted(numbers(shown(document), head)), (detail, head, numbers(shown(document), head))
        rows = [row.formula for block in document.blocks if isinstance(block, FormulaRows) for row in block.rows]
        for left, right in map(split, rows):
            assert right is None or items_of(right)[1:] != items_of(left), plain(left)


@pytest.mark.slow
@pytest.mark.parametrize("path", [p for p in SHOWN if p.stem in QUICK], ids=lambda path: path.stem)
def test_a_page_counts_from_1_without_gaps_and_no_line_says_that_something_is_itself(path: Path) -> None:
    require_counted(path, ("normal",))


@pytest.mark.slow
@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.stem)
def test_every_page_counts_from_1_without_gaps(path: Path) -> None:
    require_counted(path, ("brief", "normal", "full"))


SCALED = """X: data[n, d]
Y: data[n, h]
W: parameter[d, h]
s = X @ W
t = s / max(s, axis=1, keepdims=True)
p = t - log(sum(exp(t), axis=1, keepdims=True))
L = -sum(Y*p)"""


@pytest.mark.slow
def test_a_picture_goes_on_counting_where_its_page_ends() -> None:
    """The page says one value that nobody named, its picture two: none is called u alone, here or where both are asked for apart."""
    page = sb.derive(SCALED).report("html")
    formulas, picture = answer("formulas", {"text": SCALED})["html"], answer("picture", {"text": SCALED})["svg"]
    for text, svg in ((page, page), (formulas, picture)):
        said = {part for alt in re.findall(r'alttext="([^"]*)"', text) for part in re.findall(r"\bu(?:[₀-₉]|_\(\d|\b)", alt)}
        assert said == {"u_(1", "u₁"}
        drawn = re.findall(r"<title>([^<]*)</title>", svg)
        assert any(label.startswith("u_(1,i) = max") for label in drawn)
        assert any(label.startswith("u₂ = log") for label in drawn)


def of_tensors(tensors: Iterable[Signature]) -> Names:
    return Names(Program({tensor.name: tensor for tensor in tensors}, (), ()))


def entry(number: int, *letters: str) -> Node:
    return f.scripted(f.letter("u"), sub=f.listed([f.number(number), *map(f.letter, letters)]))


@given(st.integers(1, 30), st.data())
def test_values_are_counted_as_they_are_computed(several: int, data: st.DataObject) -> None:
    names = of_tensors(Signature(f"u_{k}", named=False) for k in range(1, several + 1))
    here = sorted(data.draw(st.sets(st.integers(1, several), min_size=1)))
    counted = Counted(names)
    counted.hear(*map(entry, data.draw(st.permutations(here))))
    said = [counted(entry(k, "i")) for k in here]
    if len(here) == 1:
        assert said == [f.scripted(f.letter("u"), sub=f.letter("i"))]
        assert counted(entry(here[0])) == f.letter("u")
    else:
        assert said == [entry(k, "i") for k in range(1, len(here) + 1)]


@given(st.lists(st.integers(1, 9), min_size=2, unique=True))
def test_what_was_said_before_keeps_its_number(order: list[int]) -> None:
    counted = Counted(of_tensors(Signature(f"u_{k}", named=False) for k in range(1, 10)))
    for k in order:
        counted.hear(entry(k))
    assert [counted(entry(k)) for k in order] == [entry(k) for k in range(1, len(order) + 1)]


def test_names_of_a_person_stay() -> None:
    counted = Counted(of_tensors(Signature(n, named=not n.startswith("u")) for n in ("u_4", "u_7", "W_5", "v")))
    kept = f.equation(f.scripted(f.letter("W"), sub=f.number(5)), f.letter("v"))
    assert counted(kept) is kept
    both = f.add([entry(7), entry(4, "i"), f.scripted(f.letter("W"), sub=entry(7))])
    assert plain(counted(both)) == plain(f.add([entry(2), entry(1, "i"), f.scripted(f.letter("W"), sub=entry(2))]))


@pytest.mark.parametrize("path", [p for p in SHOWN if p.stem in ("natural_gradient", "prod")], ids=lambda path: path.stem)
def test_the_lines_in_python_are_those_of_the_page(path: Path) -> None:
    derivation = derived(path)
    page = {plain(formula) for formula in shown(derivation.document())}
    box = derivation.box()
    for wrt in derivation.wrt:
        line = box.by_name.get(derivation.gradient(wrt))
        assert line is None or (line.latex() == derivation.gradients[wrt].latex() and str(line) in page)


@pytest.mark.slow
@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_a_page_without_a_picture_counts_what_it_says_alone(format_: str) -> None:
    """The picture says two values that nobody named: one that stands alone on a page that has none is u."""
    page = sb.derive(SCALED).report(format_)
    assert "The computational graph" not in page
    assert "Figure" not in page
    assert not re.search(r"\bu(?:[₀-₉]|_\{?\d)", page)
