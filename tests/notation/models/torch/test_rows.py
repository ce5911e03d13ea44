"""The table of torch's operations, and graphs that are written by hand: neither needs torch."""

import inspect

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.program import size
from symbackprop.notation.models.built import built
from symbackprop.notation.models.torch.exported import Given, Graph, Node, Ref
from symbackprop.notation.models.torch.reading import Reading
from symbackprop.notation.models.torch.rows import IGNORED, MENDS, ROWS, VIEWS, bound

N = size("n")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_takes_arguments_of_the_schema_by_name(name: str) -> None:
    parameters = inspect.signature(ROWS[name]).parameters.values()
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
    assert not {p.name for p in parameters} & (IGNORED | {"self", "input"})


def test_what_has_no_row_has_a_mend_and_views_are_rows() -> None:
    assert not MENDS.keys() & ROWS.keys()
    assert VIEWS - {"getitem"} <= ROWS.keys()
    assert all(mend.endswith(".") for mend in MENDS.values())


def test_an_argument_that_a_row_does_not_take_is_refused_by_name() -> None:
    assert bound("fft_hfft", {}) == "torch's fft_hfft is not in the table of operations."
    assert bound("avg_pool2d", {"x": Ref("x"), "kernel_size": [2], "odd": True}) == (
        "torch's avg_pool2d with odd=True is not in the table of operations."
    )
    row = bound("linear", {"x": Ref("x"), "weight": Ref("W"), "device": "cpu"})
    assert row == (ROWS["linear"], {"x": Ref("x"), "weight": Ref("W")})


def graph(*nodes: Node, x=(3, 2)) -> Graph:
    inputs = (
        Given("p_fc_weight", "parameter", "fc.weight", RNG.normal(size=(4, 2)), (4, 2), "Linear"),
        Given("b_seen", "buffer", "seen", np.array(0)),
        Given("x", "input", "x", RNG.normal(size=x), (N, *x[1:])),
        Given("y", "input", "y", RNG.normal(size=(3, 4)), (N, 4)),
    )
    return Graph(inputs, nodes, Ref(nodes[-1].name), None, True)


LINEAR = Node("linear", "linear", {"x": Ref("x"), "weight": Ref("p_fc_weight")}, (N, 4), path="fc", layer="Linear")


def test_a_graph_is_read_row_by_row() -> None:
    loss = Node("mse_loss", "mse_loss", {"x": Ref("relu"), "target": Ref("y"), "reduction": 2}, ())
    net = built(Reading(graph(LINEAR, Node("relu", "relu", {"x": Ref("linear")}, (N, 4)), loss)).loss)
    W, x, y = (net.example[name] for name in ("W_fc", "x", "y"))
    assert [e.target.name for e in net.program.equations] == ["z_fc", "Yhat", "L"]
    assert sb.compile(net).value({"W_fc": W}, {"x": x, "y": y}) == pytest.approx(np.sum((np.maximum(x @ W.T, 0) - y) ** 2))
    assert sb.check(net).ok
    assert net.paths == {"W_fc": "fc.weight"}


def test_a_result_of_another_shape_than_torch_gives_is_refused() -> None:
    wrong = Node("linear", "linear", LINEAR.arguments, (N, 5), path="fc", layer="Linear")
    with pytest.raises(sb.NotationError, match=r"^fc \(Linear\): torch's linear is \(n, 5\), what it was read as is \(n, 4\)"):
        built(Reading(graph(wrong)).loss)


def test_what_is_written_into_shared_memory_is_told_only_where_it_is_read_by_its_old_name() -> None:
    """Such a module is read from torch's own rewriting of it, without writing in place."""
    view = Node("select", "select", {"x": Ref("linear"), "dim": 1, "index": 0}, (N,))
    written = Node("add_", "add", {"x": Ref("select"), "other": 1}, (N,), in_place=True, path="fc")
    assert graph(LINEAR, view, written, Node("sum", "sum", {"x": Ref("linear")}, ())).rewritten(VIEWS) is written
    assert graph(LINEAR, view, written, Node("sum", "sum", {"x": Ref("add_")}, ())).rewritten(VIEWS) is None


def test_positions_that_are_computed_of_flags_are_integers_in_the_source() -> None:
    """The last entry of each row of W that is flagged: `W[i, flags.long().sum() - 1]`."""
    flags = np.array([[1.0, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]])
    W = RNG.normal(size=(3, 4))
    inputs = (Given("W", "parameter", "W", W, (3, 4)), Given("m", "input", "m", flags, (3, 4)))
    nodes = (
        Node("rows", "arange", {"end": 3}, (3,)),
        Node("whole", "trunc", {"x": Ref("m")}, (3, 4)),
        Node("count", "sum", {"x": Ref("whole"), "dim": [1]}, (3,)),
        Node("last", "sub", {"x": Ref("count"), "other": 1}, (3,)),
        Node("index", "index", {"x": Ref("W"), "indices": [Ref("rows"), Ref("last")]}, (3,)),
        Node("square", "square", {"x": Ref("index")}, (3,)),
        Node("total", "sum", {"x": Ref("square")}, ()),
    )
    net = built(Reading(Graph(inputs, nodes, Ref("total"), None, True)).loss)
    value, gradients = sb.compile(net).value_and_grad(net.example)
    wanted = np.where(np.arange(4) == [[1], [2], [0]], 2 * W, 0)
    assert value == pytest.approx(np.sum(wanted**2) / 4)
    np.testing.assert_allclose(gradients["W"], wanted)
