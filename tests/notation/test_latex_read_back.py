"""The equations of a network as a report prints them are the network again where they are read, and refused where they are not."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from benchmarks.bench_readability import ALL
from symbackprop.core.network import Network
from symbackprop.core.program import Carry
from symbackprop.display.equations import equations
from symbackprop.formulas.latex import latex
from symbackprop.notation import NotationError
from tests.notation.values import point

ROOT = Path(__file__).parents[2]
WRITTEN = sorted([*ROOT.glob("examples/**/*.net"), *ROOT.glob("tests/networks/**/*.net")])
FEWEST = 90  # that are read; the others print positions of windows and functions of matrices, which a person rarely writes
QUICK = ("two_layer", "classifier", "svm", "gaussian_process", "residual", "tied", "mlp_3_4_4_1")


def declaration(tensor) -> str:
    if tensor.kind == "constant":
        return f"{tensor.name} = {tensor.value}"
    sizes = [*tensor.shape, *([tensor.bound] if tensor.bound is not None else [])]
    sizes = sizes[:-1] if tensor.domain in ("symmetric", "spd", "orthogonal") else sizes
    return f"{tensor.name}: {tensor.kind}[{', '.join(map(str, sizes)) or '()'}]{f' & {tensor.domain}' if tensor.domain else ''}"


def is_read_back(network: Network) -> bool:
    """Whether the printed equations are read; what is read has the loss of the network."""
    printed = " \\\\\n".join(map(latex, equations(network.program)))
    try:
        again = sb.read(printed, let=[declaration(t) for t in network.program.inputs])
    except NotationError:
        return False
    values = point(network)
    found, expected = (sb.compile(one).value(**values) for one in (again, network))
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12, err_msg=f"{network.source}\n{printed}")
    return True


def is_kept(network: Network) -> bool:
    is_loss = not network.program.tensors[network.loss].shape
    return is_loss and not any(isinstance(e.op, Carry) for e in network.program.equations)


@pytest.mark.parametrize("name", QUICK)
def test_a_network_of_a_book_is_read_back(name: str) -> None:
    (path,) = ROOT.glob(f"examples/{name}.net")
    assert is_read_back(sb.read(path))


@pytest.mark.slow
def test_what_is_read_back_of_the_examples_is_the_network() -> None:
    assert sum(map(is_read_back, filter(is_kept, map(sb.read, WRITTEN)))) >= FEWEST


@pytest.mark.slow
def test_what_is_read_back_of_the_books_is_the_network() -> None:
    texts = {book.network for books in ALL for book in (books.values() if isinstance(books, dict) else books)}
    kept = [network for network in map(sb.read, sorted(texts)) if is_kept(network) and has_a_value(network)]
    assert sum(map(is_read_back, kept)) >= 0.95 * len(kept)


def has_a_value(network: Network) -> bool:
    """Whether the network has a value at the point: inverses of what is singular there have none."""
    try:
        return bool(np.isfinite(sb.compile(network).value(**point(network))))
    except sb.SymbackpropError:
        return False
