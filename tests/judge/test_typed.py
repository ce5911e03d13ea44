"""Claims typed as mathematics, without LaTeX and without stars: what is right is right, and its slip is wrong."""

import pytest

import symbackprop as sb
from symbackprop.judge.texts.files import typed_claims
from tests.judge.backward_passes import LOGIT, NG

NEURON = "x: data[()]\ny: data[()]\nw: parameter[()]\nb: parameter[()]\nz = w*x + b\na = sigmoid(z)\nL = (a - y)**2"
LAYERS = """W1: parameter[h, d]
b1: parameter[h]
W2: parameter[k, h]
x: data[d]
y: data[k]
z1 = W1 @ x + b1
a1 = sigmoid(z1)
yhat = W2 @ a1
L = 0.5*sum((yhat - y)**2)"""
TANH = "x: data[d]\nw: parameter[d]\nt: data[()]\nz = x @ w\nh = tanh(z)\nL = 0.5*(h - t)**2"
RELU = TANH.replace("tanh(z)", "maximum(0, z)")
SOFTMAX = "z: parameter[k]\ny: labels[k]\np = softmax(z)\nL = -sum(y*log(p))"
LINE = "x: data[n]\ny: data[n]\nw: parameter[()]\nL = sum((w*x - y)**2)"
GAUSS = "x: data[n]\nmu: parameter[()]\nsigma: positive[()]\nL = n*log(sigma) + sum((x - mu)**2)/(2*sigma**2)"
UNITS = """x: data[d]
y: data[K]
v: parameter[J, d]
w: parameter[K, J]
h = sigmoid(v @ x)
o = sigmoid(w @ h)
E = 0.5*sum((o - y)**2)"""
SAMPLES = LOGIT.replace("X:", "x:").replace("X @", "x @")
OCTAVE = """delta_2 = A2 - Y;
dW2 = (1/m) * delta_2 * A1';
db2 = (1/m) * sum(delta_2, 2);
delta_1 = (W2' * delta_2) .* (1 - A1.^2);
dW1 = (1/m) * delta_1 * X';"""
QUICK = {  # network, claims, what is typed, a slip in its place
    "a line": (NEURON, "dL/dw = 2(a-y) a(1-a) x; dL/db = 2(a-y) a(1-a)", "a(1-a) x", "a x"),
    "a chain in prose": (NEURON, "By the chain rule, dL/dw = dL/da da/dz dz/dw = 2(a - y) a(1 - a) x.", "2(a - y)", "3(a - y)"),
    "entries": (SOFTMAX, "dL/dz_j = p_j - y_j", "- y", "+ y"),
    "an indicator": (RELU, "dL/dw = (h - t) 1[z > 0] x", "z > 0", "z < 0"),
    "a subscript": (TANH, "L_w = (h - t)(1 - h^2) x", "h^2", "h"),
}
SLOW = {
    "a prime": (NEURON, "dL/dw = 2(sigma(wx+b)-y) sigma'(wx+b) x", "sigma'", "sigma"),
    "remarks": (NEURON, "1) dL/da = 2(a-y)   (power rule)\n2) dL/dz = 2(a-y) a(1-a)  since a' = a(1-a)\n3) so dL/dw = x dL/dz", "x dL", "w dL"),
    "steps": (NEURON, "dL/da = 2(a - y)\nda/dz = a(1-a)\ndL/dw = dL/da da/dz x", "a(1-a)", "a(1+a)"),
    "a power of e": (NEURON, "dL/dw = e^(-z)/(1 + e^(-z))^2 * 2(a - y) * x", "e^(-z)/", "1/"),
    "layers": (LAYERS, "delta2 = yhat - y\ndelta1 = (W2^T delta2) .* a1 .* (1 - a1)\ndL/dW1 = delta1 x^T", "(1 - a1)", "a1"),
    "samples": (SAMPLES, "dL/dw_j = (1/m) * sum_{i=1}^m (sigmoid(w^T x_i + b) - y_i) * x_ij", "- y_i", "+ y_i"),
    "letters side by side": (UNITS, "delta_k = (o_k - y_k) o_k (1 - o_k)\ndelta_j = h_j (1 - h_j) sum_k delta_k w_kj\n"
                             "dE/dw_kj = delta_k h_j\ndE/dv_ji = delta_j x_i", "delta_j x_i", "delta_j h_i"),
    "Octave": (NG, OCTAVE, "1 - A1.^2", "1 - A1"),
    "a second derivative": (LINE, "d^2L/dw^2 = 2 x^T x", "2 x", "x"),
    "a form more in the next line": (LINE, "dL/dw = 2 sum_i (w x_i - y_i) x_i\n      = 2 (w x^T x - x^T y)", "- x^T y", "+ x^T y"),
    "two in a line": (GAUSS, "dL/dmu = -sum_i (x_i - mu)/sigma^2, dL/dsigma = n/sigma - sum_i (x_i - mu)^2/sigma^3", "n/sigma", "1/sigma"),
    "where": (SOFTMAX, "dL/dz = p - y where p = softmax(z)", "p - y", "y - p"),
    "cases": (RELU, "dL/dw = (h - t) x if z > 0, 0 otherwise", "z > 0", "z < 0"),
    "a function's power": (TANH, "dL/dw = (h - t) sech^2(w.x) x", "(h - t)", "(t - h)"),
    "nabla": (TANH, "grad_w L = (h - t)(1 - h^2) x", "h^2", "h"),
}  # fmt: skip


@pytest.mark.parametrize("case", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_what_is_typed_is_read_as_it_is_meant(case: str) -> None:
    network, claims, right, slip = (QUICK | SLOW)[case]
    found = sb.verify(network, claims)
    assert found.ok, str(found)
    assert right in claims
    wrong = sb.verify(network, claims.replace(right, slip))
    assert any(one.wrong or one.kind == "up to convention" for one in wrong.claims), str(wrong)


@pytest.mark.parametrize("code", ["dL/dW_hh = outer(d, h)", "dW = X.T @ (p - y)", "dw = 2*(a - y)*x", "d = r  # its power: 2(a)"])
def test_code_stays_code(code: str) -> None:
    assert not any("\\" in part for step in typed_claims(code) for part in step)


@pytest.mark.slow
def test_where_the_argument_of_a_logarithm_ends_is_asked() -> None:
    network = "x: data[n]\nm: parameter[()]\ns: positive[()]\nL = sum(x - m)**2*log(2*pi*s**2)"
    claim = r"\frac{\partial L}{\partial m} = -2 n \sum_i (x_i - m) \log 2\pi s^2"
    other = network.replace("log(2*pi*s**2)", "log(2*pi)*s**2")
    assert sb.verify(network, claim).ok
    (open_,) = sb.verify(other, claim).claims
    assert "right if read as" in open_.verdict
    (wrong,) = sb.verify(other.replace("s**2", "s**3"), claim).claims
    assert wrong.kind == "wrong"


ENTRY = r"\frac{\partial L}{\partial W_{12}} = (a_1 - y_1) a_1 (1 - a_1) x_2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        (ENTRY, "right, identity"),
        (ENTRY.replace("x_2", "x_1"), "wrong"),
        ("dL/dW_12 = (a_1 - y_1) a_1 (1 - a_1) x_2", "right, identity"),
        (ENTRY.replace("{12}", "{1j}").replace("x_2", "x_j"), "right, identity"),
        (r"\frac{\partial a_1}{\partial z_2} = 0", "right, identity"),
        (r"\frac{\partial L}{\partial z_7} = (a_7 - y_7) a_7", "wrong"),
        ("dL/dz_i = (a_i - y_i) a_i (1 - a_i) + a_9", "wrong"),  # at sizes where there is such an entry
        ("dL/da = a - y + a[12]", "wrong"),
    ],
)
def test_one_entry_is_judged_by_itself(claim: str, kind: str) -> None:
    network = "x: data[d]\ny: data[k]\nW: parameter[k, d]\nz = W @ x\na = sigmoid(z)\nL = 0.5*sum((a - y)**2)"
    (found,) = sb.verify(network, claim).claims
    assert found.kind == kind, str(found)


def test_an_update_is_typed_with_a_colon() -> None:
    net = "w: parameter[()]\nx: data[()]\ny: data[()]\nL = (w*x - y)**2"
    assert sb.verify(net, "w := w - lr*2*x*(w*x - y)").ok
    assert sb.verify(net, "w := w + lr*2*x*(w*x - y)").claims[0].kind == "up to convention"


ATTENTION = "q: parameter[d]\nK: parameter[n, d]\nV: parameter[n, e]\ng: data[e]\ns = K @ q\na = softmax(s)\no = a @ V\nL = o @ g"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "dL/do = g. dL/dV = outer(a, g). dL/da = V g.",
        "We have dL/do = g, so dL/da = V @ g and dL/dV = np.outer(a, g).",
        "dL/do = g. dL/da = V g. dL/ds = a * (V g - a.(V g)). dL/dq = K^T dL/ds, dL/dK = outer(dL/ds, q).",
        r"| derivative | value |"
        + "\n|---|---|\n"
        + r"| $\partial L/\partial o$ | $g$ |"
        + "\n"
        + r"| $\partial L/\partial V$ | $a g^\top$ |",
        r"$$\frac{\partial L}{\partial o} = g, \qquad \frac{\partial L}{\partial a} = Vg. \quad\blacksquare$$",
    ],
)
def test_several_derivatives_in_a_sentence_or_a_table(text: str) -> None:
    assert len(sb.verify(ATTENTION, text).claims) > 1
    assert sb.verify(ATTENTION, text).ok
    slip = text.replace("g", "(3*g)", 1) if "$" not in text else text.replace("$g$", "$3g$").replace("= g,", "= 3g,")
    assert sb.verify(ATTENTION, slip).claims[0].wrong


@pytest.mark.parametrize("mark", ["", "- ", "1. ", "2) ", "(a) ", "b) ", "(ii) ", "iv. "])
@pytest.mark.parametrize("before", ["", "At $q$ we get:\n"])
def test_a_typed_line_is_judged_behind_the_mark_of_a_list_and_beside_dollars(mark: str, before: str) -> None:
    said = f"{before}{mark}dL/do = g\n{mark}dL/dV = outer(a, g)"
    assert len(sb.verify(ATTENTION, said).claims) == 2
    assert sb.verify(ATTENTION, said).ok
    assert not sb.verify(ATTENTION, said.replace("= g", "= 2*g")).ok


@pytest.mark.parametrize("number", ["w1 = 0", "$w_1 = 0$"])
def test_numbers_in_dollars_stand_before_typed_lines(number: str) -> None:
    net = "x: data\nw1: parameter\nt: data\nh = sigmoid(w1*x)\nE = (h - t)**2/2"
    dollars = "x = 2$ and $t = 0" if "$" in number else "x = 2, t = 0"
    said = (
        f"With {number}, ${dollars}$:\ndE/dh = h - t = 0.5\ndE/dw1 = (h - t)*h*(1-h)*x = 0.25"
        if "$" in number
        else f"{number}, {dollars}\ndE/dh = h - t = 0.5\ndE/dw1 = (h - t)*h*(1-h)*x = 0.25"
    )
    assert sb.verify(net, said).ok
    assert not sb.verify(net, said.replace("= 0.25", "= 0.35")).ok


def test_a_line_of_latex_beside_dollars_needs_none() -> None:
    """It was lost."""
    net = "w: parameter[d]\nx: data[d]\ny: data\nr = w @ x - y\nL = r**2/2"
    said = "With $r = w^\\top x - y$:\n1. \\frac{\\partial L}{\\partial r} = r.\n2. \\nabla_w L = r x.\n"
    assert len(sb.verify(net, said).claims) == 3
    assert sb.verify(net, said).ok
    assert sb.verify(net, said.replace("r x", "2r x")).claims[-1].wrong


@pytest.mark.parametrize(
    ("net", "said"),
    [
        ("r: parameter[n]\nL = mean(where(abs(r) <= 1, r**2/2, abs(r) - 1/2))", "dL/dr = clip(r, -1, 1)/n"),
        ("w: parameter[d]\nL = norm(w)", "dL/dw = w/norm(w)"),
        ("x: data[n]\nw: parameter\nL = mean((w*x)**2)", "dL/dw = 2 w mean(x^2)"),
        ("r: parameter\nL = sqrt(1 + r**2)", "dL/dr = r / sqrt(1 + r^2)"),
    ],
)
def test_functions_are_typed_by_name(net: str, said: str) -> None:
    """clip was c l i p."""
    assert sb.verify(net, said).ok
    assert not sb.verify(net, said.replace("= ", "= 2*", 1)).ok


@pytest.mark.parametrize("line", ["Then dL/db2 = z2 - y.", "Bias: dL/db2 = z2 - y", "∂L/∂b2 = z2 - y", "(b) dL/db2 = $z_2 - y$"])
def test_typed_lines_beside_dollars_are_no_prose(line: str) -> None:
    net = "a: data[H]\nW2: parameter[c, H]\nb2: parameter[c]\ny: data[c]\nz2 = W2 @ a + b2\nL = sum((z2 - y)**2)"
    said = "$\\frac{\\partial L}{\\partial z_2} = 2(z_2 - y)$.\n" + line
    assert sb.verify(
        net, said.replace("= z", "= 2z").replace("- y", "- 2y").replace("(z_2 - 2y)", "(z_2 - y)").replace("= $z", "= $2z")
    ).ok
    assert sb.verify(net, said).claims[-1].wrong


@pytest.mark.parametrize("left", ["dw", "grad_w C", "C'(w)"])
def test_a_typed_line_is_judged_beside_dollars(left: str) -> None:
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nC = sum((X @ w - y)**2)"
    text = f"Let $r = Xw - y$.\n{left} = 2*X.T @ r"
    assert sb.verify(net, text).ok
    assert sb.verify(net, text.replace("2*", "")).claims[-1].wrong


@pytest.mark.parametrize(
    "said",
    [
        "{}. Then dL/dw = (z-y)x.",
        "{}\nTherefore we get dL/dw = (z-y)x",
        "{}\n=> dL/dw := (z-y)x",
        "{}, in code: `dw = (z-y)*x`",
        "{}\n\n- `dw = (z-y)*x`",
    ],
)
def test_what_a_sentence_types_beside_dollars_is_judged(said: str) -> None:
    """It was passed over, right or wrong."""
    net = "x: data\nw: parameter\ny: data\nz = w*x\nL = (z - y)**2/2"
    text = said.format(r"$\frac{\partial L}{\partial z} = z-y$")
    assert len(sb.verify(net, text).claims) == 2
    assert sb.verify(net, text).ok
    assert sb.verify(net, text.replace("= (z", "= 2*(z")).claims[-1].kind == "up to convention"


def test_what_a_sentence_denies_is_no_claim() -> None:
    net = "x: data\nw: parameter\ny: data\nz = w*x\nL = (z - y)**2/2"
    assert sb.verify(net, "$\\frac{\\partial L}{\\partial z} = z-y$\nIt would be wrong to say dL/dw = 2(z-y)x.").ok
