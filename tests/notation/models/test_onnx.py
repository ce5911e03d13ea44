"""ONNX files: every operator against ONNX's reference evaluator, whole models, sizes, names, trained weights back, refusals."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from notation.models.onnx_cases import CASES, GRID, HEADS, IMAGE, KEYS, SINGLE, TWICE, Case, X, ints, one, positive, real, resized
from notation.models.onnx_files import model_of, reference, written

import symbackprop as sb

STEP = 2e-5


@pytest.mark.parametrize("name", CASES)
def test_an_operator_is_what_the_reference_evaluator_computes(name: str, onnx: ModuleType, tmp_path: Path) -> None:
    """The value, and the slope along a direction of all real inputs and weights by differences of the fourth order."""
    case = CASES[name]
    net = sb.from_onnx(written(model_of(case), tmp_path))
    ours = {original: own for own, original in net.paths.items()}
    known = {t.name: t for t in net.program.inputs}
    arrays = {**case.given, **case.kept}
    moving = {n: ours.get(n, n) for n, a in arrays.items() if a.dtype.kind == "f" and a.ndim and (n in ours or n in case.given)}
    point = {n: a for n, a in {**net.example, **{ours.get(n, n): a for n, a in case.given.items()}}.items() if n in known}
    value, gradients = sb.compile(sb.derive(net, list(moving.values()))).value_and_grad(point)
    assert value == pytest.approx(float(reference(model_of(case), case.given)[0]), rel=3e-6 if name in SINGLE else 1e-11)
    if name in SINGLE:
        return
    rng = np.random.default_rng(3)
    direction = {n: rng.standard_normal(arrays[n].shape) for n in moving}

    def computed(steps: int) -> float:
        moved = {n: a + steps * STEP * direction[n] if n in direction else a for n, a in arrays.items()}
        new = Case(case.nodes, {n: moved[n] for n in case.given}, {n: moved[n] for n in case.kept}, case.version, case.symbols)
        return float(reference(model_of(new), new.given)[0])

    slope = sum(np.sum(gradients[own] * direction[n]) for n, own in moving.items())
    differences = (8 * (computed(1) - computed(-1)) - computed(2) + computed(-2)) / (12 * STEP)
    assert slope == pytest.approx(differences, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("name", ["GridSample", "GridSample border", "GridSample cubic reflection"])
def test_the_slope_of_places_is_held_by_the_witnesses(name: str, onnx: ModuleType, tmp_path: Path) -> None:
    net = sb.from_onnx(written(model_of(CASES[name]), tmp_path))
    assert sb.check(net, ["a", "b"], at=CASES[name].given).ok


def test_a_resize_of_operator_set_10_has_two_inputs(onnx: ModuleType, tmp_path: Path) -> None:
    image, scales = real(1, 2, 4, 5), np.array([1, 1, 1.75, 0.6], np.float32)
    settings = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    old, new = (
        sb.from_onnx(written(model_of(case), tmp_path))
        for case in (
            one("Resize", image, kept={1: scales}, version=10),
            one("Resize", image, kept={1: None, 2: scales}, **settings),
        )
    )
    assert sb.compile(old).value({**old.example, "a": image}) == sb.compile(new).value({**new.example, "a": image})


W1, B1, W2, B2 = real(5, 4), real(5), real(3, 5), real(3)


def perceptron(last: str | None = None, version: int = 18) -> Case:
    """As PyTorch exports it: names of a state_dict, long names of values, a batch that is left open."""
    nodes: list[Any] = [
        ("Gemm", ["x", "fc1.weight", "fc1.bias"], ["/fc1/Gemm_output_0"], {"transB": 1}),
        ("Relu", ["/fc1/Gemm_output_0"], ["/act/Relu_output_0"], {}),
        ("Gemm", ["/act/Relu_output_0", "fc2.weight", "fc2.bias"], ["logits" if last else "y"], {"transB": 1}),
    ]
    nodes += [(last, ["logits"], ["y"], {})] if last else []
    kept = {"fc1.weight": W1, "fc1.bias": B1, "fc2.weight": W2, "fc2.bias": B2}
    return Case(nodes, {"x": real(6, 4)}, kept, version, {"x": ["batch_size", 4]})


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


T = ints(0, 2, 1, 1, 0, 2)


@pytest.mark.parametrize(
    ("last", "loss", "target", "expected"),
    [
        (None, "cross_entropy", T, lambda y: -np.log(softmax(y)[range(6), T]).mean()),
        ("Softmax", "cross_entropy", T, lambda y: -np.log(y[range(6), T]).mean()),
        ("LogSoftmax", "cross_entropy", T, lambda y: -y[range(6), T].mean()),
        ("LogSoftmax", "nll_loss", T, lambda y: -y[range(6), T].mean()),
        (None, "mse_loss", np.ones((6, 3)), lambda y: ((y - 1) ** 2).mean()),
        (None, "MSELoss", np.ones((6, 3)), lambda y: ((y - 1) ** 2).mean()),
        (None, "l1", np.ones((6, 3)), lambda y: abs(y - 1).mean()),
        (
            None,
            "smooth_l1_loss",
            3 * np.ones((6, 3)),
            lambda y: np.where(abs(y - 3) < 1, (y - 3) ** 2 / 2, abs(y - 3) - 0.5).mean(),
        ),
        (None, "squared_error", np.ones((6, 3)), lambda y: ((y - 1) ** 2).sum()),
        ("Sigmoid", "bce", np.ones((6, 3)), lambda y: -np.log(y).mean()),
        ("Sigmoid", "binary_cross_entropy", np.ones((6, 3)), lambda y: -np.log(y).mean()),
        (None, "binary_cross_entropy", np.ones((6, 3)), lambda y: -np.log(1 / (1 + np.exp(-y))).mean()),
        (None, "binary_cross_entropy_with_logits", np.ones((6, 3)), lambda y: -np.log(1 / (1 + np.exp(-y))).mean()),
    ],
)
def test_a_model_that_ends_in_predictions_is_given_a_loss(last, loss, target, expected, onnx, tmp_path) -> None:
    case = perceptron(last)
    model = model_of(case, loss=False)
    net = sb.from_onnx(written(model, tmp_path), loss)
    predictions = reference(model, case.given)[0]
    value, _ = sb.compile(net).value_and_grad({**net.example, "x": case.given["x"], "y": target})
    assert value == pytest.approx(expected(predictions), rel=1e-12)


def test_a_loss_is_called_by_its_name(onnx, tmp_path) -> None:
    path = written(model_of(perceptron(), loss=False), tmp_path)
    with pytest.raises(sb.NotationError, match="is no name"):
        sb.from_onnx(path, len)  # type: ignore[arg-type]


def test_names_sizes_and_weights_come_from_the_file(onnx, tmp_path: Path) -> None:
    net = sb.from_onnx(written(model_of(perceptron(), loss=False), tmp_path, "classifier.onnx"), "cross_entropy")
    assert net.name == "classifier"
    assert [t.name for t in net.program.inputs if t.kind == "parameter"] == ["W_fc1", "b_fc1", "W_fc2", "b_fc2"]
    assert net.paths["W_fc1"] == "fc1.weight"
    assert {str(s) for s in net.program.sizes()} == {"N"}
    np.testing.assert_array_equal(net.example["W_fc1"], W1)
    assert net.point is None, "the weights alone are no point"
    assert sb.check(net).ok
    report = sb.derive(net).report()
    assert "W_fc1" in report
    assert "Gemm_output" not in report


def test_names_that_a_program_made_up_are_not_taken_over(onnx, tmp_path: Path) -> None:
    case = Case(
        [("MatMul", ["x", "onnx::MatMul_12"], ["val_3"], {}), ("Add", ["val_3", "5"], ["hidden"], {}), ("Tanh", ["hidden"], ["tanh_1"], {}),
         ("MatMul", ["tanh_1", "onnx::MatMul_13"], ["y"], {})],
        {"x": real(2, 3)}, {"onnx::MatMul_12": real(3, 4), "5": real(4), "onnx::MatMul_13": real(4, 2)},
    )  # fmt: skip
    net = sb.from_onnx(written(model_of(case), tmp_path))
    assert [t.name for t in net.program.inputs] == ["x", "W_1", "b", "W_2"]
    assert {"hidden"} <= net.program.tensors.keys()
    assert not {"val_3", "tanh_1"} & net.program.tensors.keys()


def test_a_value_of_the_file_may_have_the_name_that_tables_have_here(onnx, tmp_path: Path) -> None:
    scales = np.array([1, 1, 2, 2], np.float32)
    image, kernel = np.ones((2, 3, 4, 4), np.float32), np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1)
    nodes = [("Conv", ["x", "w"], ["c"], {}), ("Resize", ["c", "", "s"], ["y"], {"mode": "linear"})]
    net = sb.from_onnx(written(model_of(Case(nodes, {"x": image}, {"w": kernel, "s": scales}, 17)), tmp_path))
    assert "c" in {equation.target.name for equation in net.program.equations}
    assert sb.check(net).ok


def test_a_convolutional_network_is_derived_with_its_statistics_as_data(onnx, tmp_path: Path) -> None:
    kept = {
        "conv.weight": real(3, 2, 3, 3),
        "bn.weight": real(3),
        "bn.bias": real(3),
        "bn.running_mean": real(3),
        "bn.running_var": positive(3),
    }
    case = Case(
        [("Conv", ["x", "conv.weight"], ["u"], {"pads": [1, 1, 1, 1]}), ("BatchNormalization", ["u", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"], ["v"], {}),
         ("Relu", ["v"], ["r"], {}), ("Add", ["r", "u"], ["s"], {}), ("GlobalAveragePool", ["s"], ["g"], {}), ("Flatten", ["g"], ["y"], {})],
        {"x": real(2, 2, 4, 4)}, kept, symbols={"x": ["N", 2, "H", "W"]},
    )  # fmt: skip
    net = sb.from_onnx(written(model_of(case, loss=False), tmp_path), "cross_entropy")
    kinds = {t.name: t.kind for t in net.program.inputs}
    assert {n for n, kind in kinds.items() if kind == "parameter"} == {"W_conv", "gamma_bn", "beta_bn"}
    assert {str(s) for s in net.program.sizes()} == {"N", "H", "W"}
    assert sb.check(net, points=1, sizes={"N": 2, "H": 3, "W": 4}).ok


KIND, FOLDED = "pkg.torch.export.graph_signature.InputSpec.kind", "pkg.onnxscript.optimizer.folded_from"
MASK = np.where(np.tri(4, dtype=bool), 0, -np.inf)
TOLD = {  # an array, what the exporter says of it, and whether it is learnt
    "a parameter": (real(4), {KIND: "PARAMETER"}, True),
    "a buffer": (real(4), {KIND: "BUFFER"}, False),
    "a constant": (real(4), {KIND: "CONSTANT_TENSOR"}, False),
    "nothing is said": (real(4), {}, True),
    "a mask": (MASK, {}, False),
    "folded from a parameter": (real(4), {FOLDED: "['a.weight', 'val_3', 'val_4']"}, True),
    "folded from a table at positions": (real(4), {FOLDED: "['arange', 'p.weight', 'val_0']"}, True),
    "folded from a parameter of the module": (real(4), {FOLDED: "['W_1']"}, True),
    "folded from what was made for it": (real(4), {FOLDED: "['full', 'triu', 'val_0', 'val_12']"}, False),
    "folded from sizes": (real(1), {FOLDED: "['transpose', 'val_31', 'val_32', 'view_4']"}, False),
    "folded from a list": (real(4), {FOLDED: "['lifted_tensor_1']"}, False),
    "folded from what nobody can read": (real(4), {FOLDED: "[["}, True),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_the_exporter_calls_a_constant_is_not_learnt(name: str, onnx, tmp_path: Path) -> None:
    array, told, learnt = TOLD[name]
    case = Case([("Add", ["x", "k"], ["u"], {}), ("Softmax", ["u"], ["y"], {"axis": -1})], {"x": real(4, 4)}, {"k": array})
    model = model_of(case)
    info = onnx.helper.make_tensor_value_info("k", onnx.TensorProto.DOUBLE, array.shape)
    for key, value in told.items():
        info.metadata_props.add(key=key, value=value)
    model.graph.value_info.append(info)
    net = sb.from_onnx(written(model, tmp_path))
    assert bool(net.program.parameters) == learnt
    point = {**net.example, "x": case.given["x"]}
    assert sb.compile(sb.derive(net, ["x"])).value(point) == pytest.approx(float(reference(model, case.given)[0]), rel=1e-12)


def test_trained_weights_go_back_into_a_file(onnx, tmp_path: Path) -> None:
    case = perceptron()
    source = written(model_of(case, loss=False), tmp_path)
    net = sb.from_onnx(source, "cross_entropy")
    trained = sb.train(net, {"x": case.given["x"], "y": T}, epochs=5, rate=0.1, batch=6, seed=0, held_out=0)
    sb.to_onnx(trained, source, tmp_path / "new.onnx")
    y = reference(onnx.load(tmp_path / "new.onnx"), case.given)[0]
    after = sb.compile(net).value_and_grad({**trained.parameters, "x": case.given["x"], "y": T})[0]
    assert -np.log(softmax(y)[range(6), T]).mean() == pytest.approx(after, rel=1e-12)
    again = sb.from_onnx(tmp_path / "new.onnx", "cross_entropy")
    assert again.program == net.program
    with pytest.raises(sb.NotationError, match=r"ends in \.onnx"):
        sb.to_onnx(trained, source, tmp_path / "new.txt")
    with pytest.raises(sb.NotationError, match="no parameter"):
        sb.to_onnx({"W_9": W1}, source, tmp_path / "new.onnx")


def test_weights_in_a_file_of_their_own_are_read(onnx, tmp_path: Path) -> None:
    model = model_of(perceptron(), loss=False)
    onnx.save_model(model, str(tmp_path / "m.onnx"), save_as_external_data=True, location="m.data", size_threshold=0)
    net = sb.from_onnx(tmp_path / "m.onnx", "mse_loss")
    np.testing.assert_array_equal(net.example["W_fc1"], W1)
    whole = (tmp_path / "m.data").read_bytes()
    (tmp_path / "m.data").write_bytes(whole[:10])
    with pytest.raises(sb.NotationError, match="bytes, where"):
        sb.from_onnx(tmp_path / "m.onnx", "mse_loss")
    (tmp_path / "m.data").unlink()
    with pytest.raises(sb.NotationError, match=r"m\.data, which is not there.*beside"):
        sb.from_onnx(tmp_path / "m.onnx", "mse_loss")
    loaded = onnx.load(str(tmp_path / "m.onnx"), load_external_data=False)
    for entry in loaded.graph.initializer[0].external_data:
        entry.value = "../m.data" if entry.key == "location" else entry.value
    with pytest.raises(sb.NotationError, match="outside the folder"):
        sb.from_onnx(written(loaded, tmp_path), "mse_loss")


def test_functions_of_the_file_are_written_out(onnx, tmp_path: Path) -> None:
    from onnx import helper

    model = model_of(Case([("Tanh", ["x"], ["y"], {})], {"x": real(2, 3)}))
    body = helper.make_node("Tanh", ["a"], ["b"])
    model.functions.append(helper.make_function("mine", "Act", ["a"], ["b"], [body], [helper.make_opsetid("", 18)]))
    model.opset_import.append(helper.make_opsetid("mine", 1))
    model.graph.node[0].op_type, model.graph.node[0].domain = "Act", "mine"
    assert sb.check(sb.from_onnx(written(model, tmp_path)), wrt="x").ok


def test_old_softmax_runs_over_all_axes_behind(onnx, tmp_path: Path) -> None:
    case = one("Softmax", real(2, 3, 4), axis=1, version=11)
    old = model_of(case, loss=False)
    net = sb.from_onnx(written(model_of(case), tmp_path))
    new = onnx.version_converter.convert_version(old, 13)
    value, _ = sb.compile(sb.derive(net, "a")).value_and_grad(case.given)
    assert value == pytest.approx(np.sin(reference(new, case.given)[0]).sum(), rel=1e-12)


def test_the_command_line_takes_a_file(onnx, run, tmp_path: Path) -> None:
    written(model_of(perceptron(), loss=False), tmp_path, "net.onnx")
    result = run("derive", "net.onnx", "--loss", "cross_entropy", "--detail", "brief")
    assert result.code == 0, result.err
    assert "softmax" in result.out
    result = run("derive", "net.onnx")
    assert result.code == 2
    assert "net.onnx" in result.err
    assert "cross_entropy" in result.err


def edited(change) -> Any:
    model = model_of(perceptron(), loss=False)
    change(model)
    return model


def replaced(op: str, domain: str = "") -> Any:
    def change(model: Any) -> None:
        node = model.graph.node[1]
        node.op_type, node.domain = op, domain
        if domain:
            from onnx import helper

            model.opset_import.append(helper.make_opsetid(domain, 1))

    return lambda: edited(change)


def opset(version: int) -> Any:
    return lambda: edited(lambda m: setattr(m.opset_import[0], "version", version))


def branching() -> Any:
    """An If, as a file may hold it."""
    from onnx import TensorProto, helper

    model = model_of(
        Case(
            [("ReduceSum", ["x"], ["s"], {"keepdims": 0}), ("Cast", ["s"], ["q"], {"to": 9}), ("Identity", ["x"], ["y"], {})],
            {"x": real(2, 2)},
        )
    )
    out = helper.make_tensor_value_info("z", TensorProto.DOUBLE, ["a", "b"])
    side = helper.make_graph([helper.make_node("Identity", ["x"], ["z"])], "side", [], [out])
    model.graph.node[2].CopyFrom(helper.make_node("If", ["q"], ["y"], then_branch=side, else_branch=side))
    return model


REFUSED = {
    "no loss": (lambda: model_of(perceptron(), loss=False), None, "has no loss", "cross_entropy"),
    "an unknown loss": (lambda: model_of(perceptron(), loss=False), "cross_entropi", "no output and no loss", "Did you mean cross_entropy"),
    "custom": (replaced("Foo", "com.microsoft"), "mse_loss", "com.microsoft", "standard operators"),
    "flat": (lambda: model_of(perceptron("ArgMax"), loss=False), "mse_loss", "has no slope", "loss= its name"), "flat on the way": (replaced("NonZero"), "mse_loss", "has no slope|keep to", ""),
    "last of equal entries": (lambda: model_of(one("ArgMax", X, select_last_index=1)), None, "select_last_index=1 is not read", "select_last_index=0 is"),
    "written at given entries": (lambda: model_of(Case([("ScatterND", ["a", "i", "u"], ["y"], {})], {"a": real(4, 3), "i": np.array([[2], [0]]), "u": real(2, 3)})), None, "may be written twice", "reduction='add'"),
    "no row": (replaced("GlobalLpPool"), "mse_loss", "no row|keep to", ""),
    "resize by a crop": (lambda: model_of(resized(scales=TWICE, coordinate_transformation_mode="tf_crop_and_resize")), None, "tf_crop_and_resize", "half_pixel"),
    "resize of any size": (lambda: model_of(Case([("Resize", ["a", "", "s"], ["y"], {"mode": "linear"})], {"a": IMAGE}, {"s": np.array(TWICE, np.float32)}, symbols={"a": ["N", 2, "H", 5]})), None, "needs to know the size H", "fixed images"),
    "places at a border": (lambda: model_of(one("GridSample", IMAGE, GRID, version=20, mode="cubic", padding_mode="border")), None, "a cubic kernel jumps", "other padding"),
    "written twice": (lambda: model_of(one("ScatterND", real(4, 3), real(2, 3), kept={1: np.array([[2], [-2]])})), None, "an entry twice", "once"),
    "scatter by products": (lambda: model_of(one("ScatterND", real(4, 3), real(1, 3), kept={1: np.array([[2]])}, reduction="mul")), None, "'mul' is not read", "add"),
    "attention scores": (lambda: model_of(one("Attention", HEADS, HEADS, HEADS, version=23, outputs=4)), None, "scores are asked for", "fourth"),
    "attention in a mask that is short": (lambda: model_of(one("Attention", HEADS, KEYS, KEYS, real(3, 4), version=23)), None, "covers 4 of 6", "every key"),
    "new": (opset(99), "mse_loss", "operator set 99", "opset_version"),
    "old": (opset(6), "mse_loss", "operator set 6", "version_converter"),
    "branch": (branching, None, "course depends on data", "fixed course"),
    "no graph": (lambda: edited(lambda m: m.ClearField("graph")), None, "holds no graph", "anew"),
    "broken": (lambda: edited(lambda m: m.graph.node[1].input.__setitem__(0, "nowhere")), "mse_loss", "keep to ONNX", "anew"),
    "random": (lambda: model_of(one("Bernoulli", positive(2, 2) / 2)), None, "random numbers", "evaluation mode"),
    "training dropout": (lambda: model_of(one("Dropout", real(2, 2), kept={1: np.array(0.5, dtype=np.float32), 2: np.array(True)})), None, "training mode", "evaluation"),
    "quantised": (
        lambda: model_of(Case([("QuantizeLinear", ["x", "s"], ["q"], {}), ("DequantizeLinear", ["q", "s"], ["y"], {})], {"x": real(2, 2)}, {"s": np.array(0.5)})),
        None, "quantised", "before",
    ),
    "computed shape": (lambda: model_of(Case([("Reshape", ["x", "s"], ["y"], {})], {"x": real(2, 2), "s": ints(4)})), None, "the shape is computed", "fixed"),
    "ceil of any size": (lambda: model_of(Case([("MaxPool", ["a"], ["y"], {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1})], {"a": IMAGE}, symbols={"a": ["N", 2, "H", 5]})), None, "needs to know the size H", "fixed images"),
    "sizes that differ": (lambda: model_of(Case([("Add", ["a", "b"], ["y"], {})], {"a": X, "b": X}, symbols={"a": ["N", "k"], "b": ["N", "m"]})), None, "do not broadcast", "one name for sizes that are equal"),
    "several": (replaced("SequenceEmpty"), "mse_loss", "several tensors|keep to", ""),
    "4d": (lambda: model_of(one("Conv", real(1, 1, 3, 3, 3, 3), kept={1: real(1, 1, 2, 2, 2, 2)})), None, "6 axes", r"\(N, C, H, W\)"),
    "text": (lambda: None, None, "no ONNX file", "anew"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_with_file_fault_and_mend(name: str, onnx: ModuleType, tmp_path: Path) -> None:
    make, loss, fault, mend = REFUSED[name]
    model = make()
    path = tmp_path / "model.onnx"
    path.write_bytes(b"W: parameter[h]\n" * 3 if model is None else model.SerializeToString())
    with pytest.raises(sb.NotationError, match=f"(?s)model.onnx.*({fault}).*{mend}"):
        sb.from_onnx(path, loss)


COURSES = {
    "loop": """z, o = Loop (three, yes, x) <body = b (int64 i, bool go, double[N,3] h) => (bool on, double[N,3] k, double[N,3] all)
        {on = Identity(go) p = MatMul(h, w) f = Cast<to=11>(i) q = Add(p, f) k = Tanh(q) all = Mul(k, p)}>""",
    "ended": """z = Loop (three, yes, x) <body = b (int64 i, bool go, double[N,3] h) => (bool on, double[N,3] k)
        {on = Less(i, one) k = MatMul(h, w)}> o = Identity(z)""",
    "branches": """n = Shape<start=1>(x) z = If (yes) <then_branch = t () => (double[N,3] a)
        {r = Equal(n, one) u = MatMul(x, w) a = If (r) <then_branch = s () => (double[N,3] c) {c = Neg(u)}, else_branch = d () => (double[N,3] e)
        <double[3] v = {0.3, 0.2, 0.1}> {e = Mul(u, v)}>}, else_branch = f () => (double[N,3] g) {g = Neg(x)}> o = Identity(z)""",
    "scan": """z, o = Scan (x0, x) <num_scan_inputs=1, body = b (double[3] h, double[3] e) =>
        (double[3] k, double[3] out) {p = MatMul(h, w) q = Add(p, e) k = Tanh(q) out = Mul(k, e)}>""",
}  # fmt: skip


@pytest.mark.parametrize("name", COURSES)
def test_a_course_that_is_fixed_is_written_out(name: str, onnx: ModuleType, tmp_path: Path) -> None:
    """Loops end by their count or by a condition on it, branches are taken by shapes, what they hold of their own is read."""
    import onnx.parser

    model = onnx.parser.parse_model(f"""<ir_version: 8, opset_import: ["" : 18]> g (double[2,3] x, double[3] x0) => (double y)
        <double[3,3] w = {{1.0, 2.0, -0.5, 0.1, 0.2, 0.3, -0.4, 0.5, 0.6}}, int64 one = {{1}}, int64 three = {{3}}, bool yes = {{1}}>
        {{ {COURSES[name]} s = Sin(z) r = ReduceSum<keepdims=0>(s) t = ReduceSumSquare<keepdims=0>(o) y = Add(r, t) }}""")
    net = sb.from_onnx(written(model, tmp_path))
    at = {"x": real(2, 3), "x0": real(3)}
    assert sb.compile(net).value({**net.example, **at}) == pytest.approx(float(reference(model, at)[0]), rel=1e-12)


def test_the_mode_of_an_old_normalisation_is_said_by_its_outputs(onnx: ModuleType, tmp_path: Path) -> None:
    kept = {k: positive(3) for k in range(1, 5)}
    image = real(4, 3, 2, 2)
    old = sb.from_onnx(written(model_of(one("BatchNormalization", image, kept=kept, version=9, outputs=5)), tmp_path))
    new = sb.from_onnx(
        written(model_of(one("BatchNormalization", image, kept=kept, version=15, outputs=3, training_mode=1)), tmp_path)
    )
    assert sb.compile(old).value({**old.example, "a": image}) == sb.compile(new).value({**new.example, "a": image})


@pytest.mark.parametrize("steps", [2, 6])
def test_a_recurrent_layer_goes_over_any_number_of_steps(steps: int, onnx: ModuleType, tmp_path: Path) -> None:
    rnn = CASES["RNN"]
    ((name, array),) = rnn.given.items()
    model = model_of(Case(rnn.nodes, rnn.given, rnn.kept, 18, {name: ["T", 2, 3]}))
    net = sb.from_onnx(written(model, tmp_path))
    x = np.random.default_rng(0).standard_normal((steps, *array.shape[1:])).astype(array.dtype)
    value = sb.compile(sb.derive(net)).value(
        {**net.example, {original: own for own, original in net.paths.items()}.get(name, name): x}
    )
    assert value == pytest.approx(float(reference(model, {name: x})[0]), rel=1e-5)


def test_a_part_of_a_file_and_a_file_that_is_not_there_are_refused(onnx, tmp_path: Path) -> None:
    whole = model_of(perceptron(), loss=False).SerializeToString()
    (tmp_path / "part.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(sb.NotationError, match="part of one"):
        sb.from_onnx(tmp_path / "part.onnx")
    with pytest.raises(sb.NotationError, match="cannot be read"):
        sb.from_onnx(tmp_path / "none.onnx")


def test_statistics_that_an_exporter_merged_with_weights_are_no_weights(onnx, tmp_path: Path) -> None:
    """A network that was not trained has a variance of 1, as the scale is, and a mean of 0, as the offset."""
    apart = {"2.weight": np.ones(3), "2.bias": np.zeros(3), "2.running_mean": np.zeros(3), "2.running_var": np.ones(3)}
    x = np.random.default_rng(0).standard_normal((5, 3))

    def network(names: list[str]) -> Any:
        case = Case(
            [("BatchNormalization", ["x", *names], ["y"], {})], {"x": x}, {name: apart[name] for name in dict.fromkeys(names)}
        )
        return sb.from_onnx(written(model_of(case), tmp_path))

    merged, plain = network(["2.weight", "2.bias", "2.bias", "2.weight"]), network([*apart])
    found = []
    for net in (merged, plain):
        kinds = {tensor.name: tensor.kind for tensor in net.program.inputs}
        assert sorted(kinds.values()) == ["data", "data", "data", "parameter", "parameter"]
        learnt = [name for name, kind in kinds.items() if kind == "parameter"]
        given = next(name for name in kinds if name not in net.example)
        found.append(sb.compile(sb.derive(net, learnt)).value_and_grad({**net.example, given: x})[1])
    assert list(found[0]) == list(found[1])
    for name, gradient in found[0].items():
        np.testing.assert_allclose(gradient, found[1][name], rtol=1e-12)
