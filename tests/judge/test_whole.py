"""Code that no lines of steps say is followed whole: classes, closures, lists of gradients, values that are returned without a name."""

import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from tests.judge.backward_passes import CS, LOGIT, NIELSEN

NAMELESS = """def grad(X, y, w, b):
    r = sigmoid(X @ w + b) - y
    return X.T @ r / len(y), np.sum(r) / len(y)"""
BACKPROP = """class Network(object):
    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activation = x
        activations, zs = [x], []
        for b, w in zip(self.biases, self.weights):
            z = np.dot(w, activation)+b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        delta = self.cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].transpose())
        for l in range(2, self.num_layers):
            delta = np.dot(self.weights[-l+1].transpose(), delta) * sigmoid_prime(zs[-l])
            nabla_b[-l] = delta
            nabla_w[-l] = np.dot(delta, activations[-l-1].transpose())
        return (nabla_b, nabla_w)

    def cost_derivative(self, output_activations, y):
        return (output_activations-y)

def sigmoid(z):
    return 1.0/(1.0+np.exp(-z))

def sigmoid_prime(z):
    return sigmoid(z)*(1-sigmoid(z))"""
VALUES = """class Value:
    def __init__(self, data, children=()):
        self.data, self.grad, self._prev = data, 0.0, set(children)
        self._backward = lambda: None
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out
    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()
wv, bv = Value(w), Value(b)
a = wv * x + wv * bv
(a * a).backward()
dw, db = wv.grad, bv.grad"""
SCALARS = "x: data[()]\nw: parameter[()]\nb: parameter[()]\na = w*x + w*b\nL = a**2"
LAYERS = """class Layer:
    def backward(self, d):
        return d
class Affine(Layer):
    def __init__(self, W, b):
        super().__init__()
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, d):
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return super().backward(d @ self.W.T)
class Relu(Layer):
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out
    def backward(self, d):
        d[self.mask] = 0
        return d
layers = {"Affine1": Affine(W1, b1), "Relu1": Relu(), "Affine2": Affine(W2, b2)}
h = X
for layer in layers.values():
    h = layer.forward(h)
p = softmax(h)
p[np.arange(len(y)), y] -= 1
d = p / len(y)
for layer in reversed(list(layers.values())):
    d = layer.backward(d)
grads = {}
grads['W1'], grads['b1'] = layers['Affine1'].dW, layers['Affine1'].db
grads['W2'], grads['b2'] = layers['Affine2'].dW, layers['Affine2'].db"""
LISTS = """acts, weights = [X, h1], [W1, W2]
dz = (probs - np.eye(C)[y])/N
dW, db = [None]*2, [None]*2
for l in reversed(range(2)):
    dW[l] = acts[l].T @ dz
    db[l] = dz.sum(0)
    if l:
        dz = (dz @ weights[l].T)*(z1 > 0)"""
CLOSURE = """def backward():
    grads = {}
    d = (probs - one_hot(y, C)) / N
    def layer(d, a, W):
        return a.T @ d, d.sum(0), d @ W.T
    grads['W2'], grads['b2'], dh = layer(d, h1, W2)
    grads['W1'], grads['b1'], _ = layer(dh * (z1 > 0), X, W1)
    return grads"""
CASES = {  # network, code, what is typed, a slip in its place
    "no names": (LOGIT, NAMELESS, "np.sum(r) / len(y)", "np.sum(r)"),
    "lines that return": (LOGIT, "r = p - y\nreturn np.mean(r), X.T @ r / m", "np.mean", "np.sum"),
    "instances": (SCALARS, VALUES, "self.grad += other.data", "self.grad = other.data"),
    "Nielsen's lists": (NIELSEN, BACKPROP, "activations[-l-1]", "activations[-l]"),
    "layers": (CS, LAYERS, "d[self.mask] = 0", "d[self.mask] = 1"),
    "lists": (CS, LISTS, "*(z1 > 0)", ""),
    "a closure": (CS, CLOSURE, "d.sum(0)", "d.mean(0)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_code_is_followed_whole(case: str) -> None:
    network, code, right, slip = CASES[case]
    found = sb.verify(network, code)
    assert found.ok, str(found)
    assert any("followed line by line" in note for one in found.claims for note in one.notes)
    assert right in code
    wrong = sb.verify(network, code.replace(right, slip))
    assert any(one.kind in ("wrong", "wrong shape", "up to convention") for one in wrong.claims), str(wrong)


def test_what_is_returned_without_a_name_is_told() -> None:
    one, other = sb.verify(LOGIT, NAMELESS).claims
    assert [one.what, other.what] == ["dL/dw", "dL/db"]
    assert any("by its shape and its place" in note for note in one.notes)


@pytest.mark.parametrize(
    "code",
    [
        "class Net:\n    def fit(self):\n        for i in range(m):\n            r = sigmoid(X[i] @ self.w + self.b) - y[i]\n"
        "            self.dw = X[i] * r / m\n            self.w = self.w - 0.1 * self.dw",
        "def grad(theta):\n    return theta",
        "def f(w):\n    return w\ndef g(w):\n    return w",
    ],
)
def test_what_cannot_be_followed_is_refused(code: str) -> None:
    assert verdicts(code) <= {"not understood", "refused"}


def verdicts(code: str) -> set[str]:
    """The verdicts on a code; "refused" where it has none."""
    try:
        return {one.kind for one in sb.verify(LOGIT, code).claims}
    except SymbackpropError:
        return {"refused"}


@pytest.mark.slow
def test_steps_on_the_way_to_right_gradients_are_names() -> None:
    code = "mask = z1 > 0\nd = probs - one_hot(y, C)\nd /= N\ndW2 = h1.T @ d\ndh = d @ W2.T\ndh[~mask] = 0.\ndW1 = X.T @ dh"
    assert sb.verify(CS, code).ok
    assert not sb.verify(CS, code.replace("~mask", "mask")).ok


@pytest.mark.slow
@pytest.mark.parametrize("returned", ["X.T @ dz", "X.T.dot(dz)", "dz @ X", "dz"])
def test_what_is_made_of_a_gradient_and_returned_is_another(returned: str) -> None:
    """It was judged as the gradient that stands in it, and was of a wrong shape."""
    net = "X: data[n, d]\ny: data[n]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -mean(y*log(p) + (1-y)*log(1-p))"
    code = f"def grad(X, y, w):\n    p = 1/(1 + np.exp(-X @ w))\n    dz = (p - y)/len(y)\n    return {returned}"
    assert sb.verify(net, code).ok
    if returned != "dz":
        assert not sb.verify(net, code.replace("return ", "return 2*")).ok
    assert not sb.verify(net, code.replace("p - y", "p + y")).ok


def test_a_parameter_of_a_function_may_have_the_other_case() -> None:
    code = "def propagate(w, b, X, Y):\n    m = X.shape[0]\n    A = sigmoid(X @ w + b)\n    return {'dw': X.T @ (A - Y)/m, 'db': np.sum(A - Y)/m}, 0"
    assert sb.verify(LOGIT, code).ok
    assert not sb.verify(LOGIT, code.replace("(A - Y)/m}", "(A - Y)}")).ok
