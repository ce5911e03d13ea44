"""What the arrays of a model are called, and how arrays and tensors become a network that is held against its model."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.program import size
from symbackprop.judge.witnesses.modelled import held
from symbackprop.language.tensors import Tensor
from symbackprop.notation.models.built import Inputs, Model, built
from symbackprop.notation.models.names import names_of

NAMES = [
    (("fc.weight", "fc.bias", "W1", "weight", "bias"), "W_fc b_fc W1 W b"),
    (("net.0.weight", "net.0.bias", "net.2.weight"), "W_0 b_0 W_2"),
    (("encoder.0.weight", "decoder.0.weight"), "W_encoder_0 W_decoder_0"),
    (("h.0.attn.proj.weight", "h.1.attn.proj.weight"), "W_proj_0 W_proj_1"),
    (("h.0.attn.proj.weight", "h.0.mlp.proj.weight"), "W_h_0_attn_proj W_h_0_mlp_proj"),
    (("rnn.weight_ih_l0", "rnn.bias_hh_l0", "attn.in_proj_weight"), "W_ih_l0 b_hh_l0 W_in_proj"),
    (("bn.weight", "bn.running_mean", "bn.running_var"), "gamma_bn mu_bn v_bn"),
    (("lambda", "mean", "dense/kernel:0", "a b.weight", "w.0", "w.1"), "lambda_1 mean_1 W_dense W_a_b w_0 w_1"),
]


@pytest.mark.parametrize(("paths", "names"), NAMES)
def test_names_are_the_shortest_that_tell_paths_apart(paths: tuple[str, ...], names: str) -> None:
    assert list(names_of(paths, {"bn.weight": "gamma"}).values()) == names.split()


def test_a_name_that_is_taken_is_numbered() -> None:
    assert names_of(["fc.weight"], taken={"W_fc"}) == {"fc.weight": "W_fc_1"}


RNG = np.random.default_rng(0)
E, W = RNG.normal(size=(7, 3)), RNG.normal(size=(3, 5))
T, Y = np.array([1, 2, 6, 0]), np.array([0, 4, 1, 1])


def reading(inputs: Inputs) -> Tensor:
    rows = inputs.parameter("E", E, "emb.weight")[inputs.data("t", T, (size("n"),))]
    return sb.cross_entropy(rows @ inputs.parameter("W", W, "fc.weight"), inputs.data("y", Y, (size("n"),)))


def value(arrays: dict[str, np.ndarray]) -> float:
    scores = arrays["E"][arrays["t"]] @ arrays["W"]
    return float(np.mean(np.log(np.exp(scores).sum(1)) - scores[np.arange(4), arrays["y"]]))


def test_whole_numbers_stay_below_the_axis_that_they_are_positions_of() -> None:
    net = built(reading, name="embedding")
    assert [net.program.tensors[name].bound for name in "ty"] == [7, 5]
    assert net.paths == {"E": "emb.weight", "W": "fc.weight"}
    assert sb.check(held(Model(net, value))).ok


def test_whole_numbers_that_nothing_looks_up_are_data() -> None:
    net = built(lambda i: sb.sum(i.data("k", T, (size("n"),)) * i.parameter("w", np.array(2.0))))
    assert net.program.tensors["k"].kind == "data"
    assert net.example["k"].dtype == float


@pytest.mark.parametrize(
    ("other", "where"),
    [
        (lambda arrays: value(arrays) + 0.1, "^at the given data the loss that was read is"),
        (lambda arrays: value({**arrays, "W": W}), "^beside the given data the loss that was read is"),
    ],
)
def test_a_network_that_is_not_the_model_is_refused(other, where: str) -> None:
    with pytest.raises(sb.NotationError, match=where):
        held(Model(built(reading), other))


def test_what_is_no_loss_is_refused() -> None:
    with pytest.raises(sb.NotationError, match=r"is \(7, 3\), which is no loss"):
        built(lambda i: i.parameter("E", E) * 2)
    with pytest.raises(sb.NotationError, match="holds no real numbers"):
        built(lambda i: sb.sum(i.data("x", np.zeros((0, 3)))))
