"""The formulas on the wires of graphs, and those of gradients: read back from their LaTeX and computed with any gradient from above."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.algebra.box import Line
from symbackprop.algebra.matrix import Form, leaves
from symbackprop.core.derivation import Derivation
from symbackprop.display import wires
from symbackprop.display.drawn import unseen
from symbackprop.display.names import Names
from symbackprop.display.wires import Told, above, stands_alone, told, wired
from symbackprop.evaluate.extents import evaluator
from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import Name, letter
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Atom, Fence, Node, Row, Script, split
from symbackprop.judge.proofs.proved import Point, proved_box, random_points
from symbackprop.judge.proofs.wires import at_wire, gradient_formulas, wires_told
from symbackprop.verbs import _derived
from tests.display.test_box import OTHER, SUMS, BoxReader, is_in_matrices, without_note
from tests.formulas.latex_value import FUNCTIONS, Numbered, split_at, text_of

ROOT = Path(__file__).parent.parent.parent
FEW = sorted((ROOT / "examples").rglob("*.net"))
ALL = sorted((ROOT / "tests" / "networks").rglob("*.net"))


class Plain(Numbered):
    """Names that a machine can read, that of the gradient from above among them."""

    def labelled(self, labels: Mapping[str, Name]) -> Names:
        return self


def whole(path: Path) -> Derivation:
    network = sb.read(path)
    return _derived(network, of=network.loss)


class WireReader(BoxReader):
    """Reads lines with letters below their names as well: one matrix for each position."""

    def factor(self) -> np.ndarray:
        ahead = self.items[self.place : self.place + 2]
        match ahead:
            case [Atom(name), Script(Fence() as fence, None, sup)] if sup is not None and name in (*SUMS, "sum", "onehot"):
                self.place += 2
                return self.power(np.asarray(self.read([ahead[0], fence])), sup)
            case [Atom("tril" | "triu" as name), Fence(_, inside)]:
                self.place += 2
                array, *offset = (self.read(part) for part in split_at(inside, ","))
                return getattr(np, name)(array, *map(int, offset))
            case [Script(Atom("e", alphabet=""), Atom() as place, None), *_] if self.classes:
                self.place += 1
                return column(np.eye(self.classes)[int(np.ravel(self.read([place]))[0])])
            case [Script(Atom("∑"), sub, None), *_] if self.summed:
                self.place += 1
                return self.total(["".join(map(text_of, piece)) for piece in split_at(sub, ",")])
        return super().factor()

    def total(self, below: list[str]) -> np.ndarray:
        """A sum over letters, each to its end or as far as another, t ≥ i."""
        start, found = self.place, []
        bounds = [re.fullmatch(r"(\w+)([≥≤])(\w+)", one) for one in below]
        letters = [one if bound is None else bound[1] for one, bound in zip(below, bounds, strict=True)]
        for places in product(*(range(self.summed[c]) for c in letters)):
            self.place = start
            self.letters |= dict(zip(letters, map(np.asarray, places), strict=True))
            value = self.term()
            for bound in filter(None, bounds):
                here, there = self.letters[bound[1]], self.letters[bound[3]]
                value = np.where(here >= there if bound[2] == "≥" else here <= there, value, 0.0)
            found.append(value)
        return np.sum(np.broadcast_arrays(*found), axis=0)

    def tensor(self, number: int, pieces: Sequence[Sequence[Node]]) -> np.ndarray:
        array = np.asarray(self.tensors[number])
        if not pieces or len(pieces) == array.ndim:
            return super().tensor(number, pieces)
        array = array.squeeze(tuple(k for k, n in enumerate(self.shapes[number]) if n == 1))  # an axis of size 1 has no letter
        places = tuple(int(self.read(piece)) for piece in pieces)
        if self.zeros is not None and any(not 0 <= at < n for at, n in zip(places, array.shape, strict=False)):
            return np.full((1, 1), 0.0 if number in self.zeros else OTHER)
        return column(array[places])


def column(array: np.ndarray) -> np.ndarray:
    return array.reshape((*array.shape, 1, 1)[:2]) if array.ndim < 3 else array


def forms(x: Form) -> Iterator[Form]:
    yield x
    front = (*x.given.tops, *x.given.bottoms) if x.op == "scaled" else ()
    for part in (*front, *x.parts):
        yield from forms(part)


def is_read(line: Line) -> bool:
    """Whether the reader of these tests reads a line; blocks, views and windows are proved as trees alone."""
    if line.form is None:
        return False
    whole = all(map(is_in_matrices, leaves(line.form)))
    return whole and all(x.op not in ("blocks", "correlation", "convolution") for x in forms(line.form))


def read_back(asked: Derivation, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Compare every formula with what goes back along its wire; how many were compared, and how many wires there are."""
    monkeypatch.setattr(wires, "Names", Plain)
    hidden = unseen(asked, with_wires=True)
    shown = asked.forward.tensors.keys() - hidden
    points = random_points(asked)
    count = total = 0
    for target in asked.forward.equation_of().keys() - hidden:
        wire = wired(asked, target, hidden)
        if wire is None:
            continue
        at = at_wire(asked, wire, target, points)
        lines = {line.name: line for line in proved_box(wire, at).lines}
        for source in wire.wrt:
            line = lines.get(wire.gradient(source))
            total += 1
            if line is not None and stands_alone(asked, line, target, shown) and is_read(line):
                said = told(asked, wire, line, source, target)
                for point in at:
                    held(wire, line, said, point, above(asked, target))
                count += 1
    return count, total


def held(wire: Derivation, line: Line, said: Told, point: Point, name: str) -> None:
    """A formula with the gradient from above, or a factor of it; where it is a slope, both of its sides."""
    left, right = split(said.local)
    note = re.search(r",\\quad.*outside\}$", latex(said.local))
    body, zeros = without_note(latex(said.local if right is None or note else Row(right.items[1:])))  # type: ignore[union-attr]
    number = list(wire.program.tensors).index(name)
    truth, given = point.values[line.name], point.values[name]
    if not np.all(np.isfinite(truth)):  # nothing is proved there
        return
    if body == "0":
        assert not np.any(truth)
        return
    for places in product(*(range(truth.shape[line.letters.index(x)]) for x in line.subscripts)):
        at = dict(zip(line.subscripts, places, strict=True))
        reader = WireReader(wire.program, point.values, point.sizes)
        assert line.form is not None
        onehot = [x.given.size for x in forms(line.form) if x.op == "onehot"]
        reader.classes = int(evaluator(onehot[0])(point.sizes)) if onehot else 0
        sums = [pair for x in forms(line.form) if x.op == "indexsum" for pair in x.given]
        reader.summed = {text_of(letter(c)): int(evaluator(n)(point.sizes)) for c, n in sums}
        reader.zeros = zeros
        reader.letters = {text_of(letter(x)): np.asarray(k) for x, k in at.items()}
        found = np.asarray(reader.read(parse(body).items))
        if right is not None and note is None:
            np.testing.assert_allclose(found, slope(reader, left) + 0.0 * found, rtol=1e-4, atol=1e-6, err_msg=body)
        if not re.search(rf"T[_{{]*{number}\b", body):
            read = next(leaf.subscripts for leaf in leaves(line.form) if leaf.name == name)
            diagonal = len(read) == given.ndim and set(read) <= set(at)  # where the same letter stands twice
            own = wire.forward.equations[-2].target.index
            above = column(given[tuple(at[c] for c in read)]) if diagonal else aligned(given, own, line.letters, at)
            found = (found.reshape(above.shape) if found.size == above.size else found) * above  # an axis of size 1 may be lost
        want = truth[tuple(at.get(x, slice(None)) for x in line.letters)]
        found = found if found.size == want.size else np.broadcast_to(found, column(want).shape)
        np.testing.assert_allclose(found.reshape(want.shape), want, rtol=1e-7, atol=1e-9, err_msg=body)


def aligned(given: np.ndarray, own: Sequence[str], letters: Sequence[str], at: Mapping[str, int]) -> np.ndarray:
    """What comes from above at a position, along the axes of what goes back."""
    here = given[tuple(at.get(x, slice(None)) for x in own)]
    left, wanted = [x for x in own if x not in at], [x for x in letters if x not in at]
    if not {*left} <= {*wanted}:
        return column(here)
    sizes = dict(zip(left, here.shape, strict=True))
    turned = here.transpose([left.index(x) for x in wanted if x in sizes])
    return column(turned.reshape([sizes.get(x, 1) for x in wanted]))


def slope(reader: WireReader, left: Node) -> np.ndarray:
    """f'(z) by a central difference of f as tables of others have it."""
    assert isinstance(left, Row)
    name, argument = left.items
    assert isinstance(name, Script)
    assert isinstance(argument, Fence)
    z = np.asarray(reader.read(parse(latex(argument.body)).items), float)
    f = FUNCTIONS[text_of(name.base)]
    return (f(z + 1e-6) - f(z - 1e-6)) / 2e-6


LARGE = ("transformer_block", "lstm", "gru", "max_pool2d")


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem in LARGE else []) for p in FEW])
@pytest.mark.slow
def test_the_wires_of_the_examples_are_read_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = whole(path)
    count, total = read_back(asked, monkeypatch)
    flat = all(tensor.rank < 3 for tensor in asked.forward.tensors.values())
    assert count >= (0.7 * total if flat else 1)


@pytest.mark.slow
@pytest.mark.parametrize("path", ALL, ids=[path.stem for path in ALL])
def test_the_wires_of_the_layers_and_losses_are_read_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_back(whole(path), monkeypatch)


def formulas(text: str) -> dict[str, str]:
    asked = sb.derive(text)
    return {f"{a} -> {b}": latex(said.local) for (a, b), said in wires_told(asked, unseen(asked, with_wires=True)).items()}


def test_two_layers_as_a_lecturer_writes_them() -> None:
    assert formulas(str(ROOT / "examples" / "two_layer.net")) == {
        "W_1 -> z": r"\delta x^{\top}",
        "x -> z": r"W_{1}^{\top} \delta",
        "z -> a": r"\sigma'\left(z\right) = a\odot \left(1 - a\right)",
        "W_2 -> yhat": r"\delta a^{\top}",
        "a -> yhat": r"W_{2}^{\top} \delta",
        "yhat -> L": r"2 \left(\hat{y} - y\right)",
        "y -> L": r"2 \left(y - \hat{y}\right)",
    }


def test_numbers_have_their_factors_alone() -> None:
    found = formulas("x: parameter\ny: parameter\nz: parameter\nq = x + y\nf = q*z")
    assert found == {"x -> q": "1", "y -> q": "1", "q -> f": "z", "z -> f": "q"}


def test_a_softmax_is_one_unit_and_a_letter_of_the_author_is_left_alone() -> None:
    found = formulas("delta: parameter[c]\np = softmax(delta)\nL = sum(p**2)")
    assert found.keys() == {"delta -> p", "p -> L"}
    assert found["delta -> p"] == r"p\odot \left(\eta - \eta^{\top} p\right)"


def test_a_slice_says_where_the_gradient_goes() -> None:
    assert formulas("x: parameter[n, m]\ny = x[:, 1]\nL = sum(y**2)")["x -> y"] == r"\delta \to x_{:,1}"
    assert formulas("x: parameter[n, m, k]\ny = x[:, 0]\nL = sum(y**2)")["x -> y"] == r"\delta \to x_{:,0}"


def test_what_has_no_matrix_form_stands_in_letters_and_says_which() -> None:
    found = formulas("X: data[n, d]\nV: parameter[d, n, k]\ns = sum(X.T[:, :, None]*V, axis=0)\nL = sum(s**2)")
    assert re.fullmatch(r"\\delta_\{(\w)(\w)\} X_\{\1(\w)\} \\to V_\{\3\1\2\}", found["V -> s"])


def test_what_is_a_matrix_for_each_of_the_first_entries_says_so() -> None:
    found = formulas("X: data[n, d]\nV: parameter[n, d, k]\ns = sum(X[:, :, None]*V, axis=1)\nL = sum(s**2)")
    assert found["V -> s"] == r"X_{i} \delta_{i}^{\top}"


def test_the_gradients_of_values_are_made_of_those_that_come_to_them() -> None:
    asked = sb.derive("x: parameter[n]\nW: parameter[n, n]\nz = W @ x\na = sigmoid(z)\nL = sum((a - x)**2)")
    found = {n: latex(x) for n, x in gradient_formulas(asked, wires_told(asked, unseen(asked, with_wires=True))).items()}
    assert found == {
        "W": r"\frac{\partial L}{\partial z}\,x^{\top}",
        "x": r"W^{\top}\,\frac{\partial L}{\partial z} + 2 \left(x - a\right)",
        "z": r"\frac{\partial L}{\partial a}\odot a\odot \left(1 - a\right)",
        "a": r"2 \left(a - x\right)",
    }


def test_what_comes_back_to_a_part_says_to_which_and_is_not_added() -> None:
    net = "X: parameter[n, d]\nV: parameter[n, d, k]\ns = sum(X[:, :, None]*V, axis=1)\nr = tanh(X)\nL = sum(s**2) + sum(r**2)"
    asked = sb.derive(net)
    found = latex(gradient_formulas(asked, wires_told(asked, unseen(asked, with_wires=True)))["X"])
    assert re.findall(r"\\to (X\S*)", found) == ["X_{i},", "X"]


def test_what_adds_up_to_nothing_is_zero_on_its_wire_and_no_part_of_a_sum() -> None:
    derived = _derived(str(ROOT / "examples" / "layers" / "batch_norm.net"))
    shown = wires_told(derived, set())
    assert latex(shown["mu", "v"].local) == "0"
    assert all(latex(said.local) != "0" for ends, said in shown.items() if ends != ("mu", "v"))
    assert "+" not in latex(gradient_formulas(derived, shown)["mu"]).replace("+ 10", "")
