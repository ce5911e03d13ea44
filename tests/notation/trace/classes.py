# ruff: noqa: B007, B905, E731, E741, NPY002, RET504, RUF007, UP004
"""Classes with forward, backward and self.W, and objectives of scipy.optimize, as books, courses and repositories have them."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special, stats
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

CLASSES: dict[str, Callable[[], Any]] = {}
rng = np.random.default_rng(0)


def R(*s):
    return rng.normal(size=s)


def prog(made):
    """A form: it makes the function, its arguments, and settings of the trace."""
    CLASSES[made.__name__] = made
    return made


@prog
def iamtrask_nn():
    # class NeuralNetwork from "How to build your own neural network from scratch in Python"
    def sigmoid(x):
        return 1.0 / (1 + np.exp(-x))

    def sigmoid_derivative(x):
        return x * (1.0 - x)

    class NeuralNetwork:
        def __init__(self, x, y):
            self.input = x
            self.weights1 = rng.random((self.input.shape[1], 4))
            self.weights2 = rng.random((4, 1))
            self.y = y
            self.output = np.zeros(self.y.shape)

        def feedforward(self):
            self.layer1 = sigmoid(np.dot(self.input, self.weights1))
            self.output = sigmoid(np.dot(self.layer1, self.weights2))

        def backprop(self):
            d_weights2 = np.dot(self.layer1.T, (2 * (self.y - self.output) * sigmoid_derivative(self.output)))
            d_weights1 = np.dot(
                self.input.T,
                (
                    np.dot(2 * (self.y - self.output) * sigmoid_derivative(self.output), self.weights2.T)
                    * sigmoid_derivative(self.layer1)
                ),
            )
            self.weights1 += d_weights1
            self.weights2 += d_weights2

        def loss(self):
            self.feedforward()
            self.backprop()
            return np.sum((self.y - self.output) ** 2)

    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0], [1], [1], [0]])
    nn = NeuralNetwork(X, y)
    return nn.loss, (), {}


@prog
def nielsen_network():
    class Network(object):
        def __init__(self, sizes):
            self.num_layers = len(sizes)
            self.sizes = sizes
            self.biases = [R(y, 1) for y in sizes[1:]]
            self.weights = [R(y, x) for x, y in zip(sizes[:-1], sizes[1:])]

        def feedforward(self, a):
            for b, w in zip(self.biases, self.weights):
                a = sigmoid(np.dot(w, a) + b)
            return a

        def backprop(self, x, y):
            nabla_b = [np.zeros(b.shape) for b in self.biases]
            nabla_w = [np.zeros(w.shape) for w in self.weights]
            activation = x
            activations = [x]
            zs = []
            for b, w in zip(self.biases, self.weights):
                z = np.dot(w, activation) + b
                zs.append(z)
                activation = sigmoid(z)
                activations.append(activation)
            delta = self.cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])
            nabla_b[-1] = delta
            nabla_w[-1] = np.dot(delta, activations[-2].transpose())
            for l in range(2, self.num_layers):
                z = zs[-l]
                sp = sigmoid_prime(z)
                delta = np.dot(self.weights[-l + 1].transpose(), delta) * sp
                nabla_b[-l] = delta
                nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())
            return (nabla_b, nabla_w)

        def cost_derivative(self, output_activations, y):
            return output_activations - y

        def total_cost(self, data, lmbda=0.1):
            cost = 0.0
            for x, y in data:
                a = self.feedforward(x)
                cost += 0.5 * np.linalg.norm(a - y) ** 2 / len(data)
            cost += 0.5 * (lmbda / len(data)) * sum(np.linalg.norm(w) ** 2 for w in self.weights)
            return cost

    def sigmoid(z):
        return 1.0 / (1.0 + np.exp(-z))

    def sigmoid_prime(z):
        return sigmoid(z) * (1 - sigmoid(z))

    net = Network([3, 4, 2])
    data = [(R(3, 1), R(2, 1)) for _ in range(3)]
    return net.total_cost, (data,), {}


@prog
def class_forward_backward_update():
    class MLP:
        def __init__(self, input_size, hidden_size, output_size, lr=0.1):
            self.W1 = R(input_size, hidden_size) * 0.01
            self.b1 = np.zeros((1, hidden_size))
            self.W2 = R(hidden_size, output_size) * 0.01
            self.b2 = np.zeros((1, output_size))
            self.lr = lr

        def forward(self, X):
            self.z1 = np.dot(X, self.W1) + self.b1
            self.a1 = np.tanh(self.z1)
            self.z2 = np.dot(self.a1, self.W2) + self.b2
            exp_scores = np.exp(self.z2)
            self.probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
            return self.probs

        def compute_loss(self, y):
            m = y.shape[0]
            correct_logprobs = -np.log(self.probs[range(m), y])
            return np.sum(correct_logprobs) / m

        def backward(self, X, y):
            m = X.shape[0]
            delta3 = self.probs
            delta3[range(m), y] -= 1
            delta3 /= m
            dW2 = (self.a1.T).dot(delta3)
            db2 = np.sum(delta3, axis=0, keepdims=True)
            delta2 = delta3.dot(self.W2.T) * (1 - np.power(self.a1, 2))
            dW1 = np.dot(X.T, delta2)
            db1 = np.sum(delta2, axis=0)
            self.W1 -= self.lr * dW1
            self.b1 -= self.lr * db1
            self.W2 -= self.lr * dW2
            self.b2 -= self.lr * db2

        def train_step(self, X, y):
            self.forward(X)
            loss = self.compute_loss(y)
            self.backward(X, y)
            return loss

    m = MLP(3, 5, 2)
    X = R(7, 3)
    y = rng.integers(0, 2, 7)
    return m.train_step, (X, y), {}


@prog
def train_epochs_history():
    # returns a list of losses of several epochs: take the first? loss=0
    class Perceptron:
        def __init__(self, n):
            self.w = R(n)
            self.b = 0.1

        def net_input(self, X):
            return np.dot(X, self.w) + self.b

        def activation(self, z):
            return 1.0 / (1.0 + np.exp(-np.clip(z, -250, 250)))

        def cost(self, X, y):
            output = self.activation(self.net_input(X))
            cost = -y.dot(np.log(output)) - ((1 - y).dot(np.log(1 - output)))
            return cost / len(y)

    p = Perceptron(3)
    X = R(8, 3)
    y = rng.integers(0, 2, 8)
    return p.cost, (X, y), {}


@prog
def modules_sequential():
    class Module:
        def __call__(self, *a):
            return self.forward(*a)

    class Linear(Module):
        def __init__(self, i, o):
            self.params = {"W": R(i, o) * 0.5, "b": np.zeros(o)}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, g):
            self.grads["W"] = self.x.T @ g
            self.grads["b"] = g.sum(0)
            return g @ self.params["W"].T

    class ReLU(Module):
        def forward(self, x):
            self.mask = x > 0
            return x * self.mask

        def backward(self, g):
            return g * self.mask

    class Dropout(Module):
        def __init__(self, p):
            self.p = p
            self.training = True

        def forward(self, x):
            if self.training:
                self.mask = np.random.binomial(1, 1 - self.p, size=x.shape) / (1 - self.p)
                return x * self.mask
            return x

        def backward(self, g):
            return g * self.mask

    class BatchNorm1d(Module):
        def __init__(self, n, eps=1e-5, momentum=0.1):
            self.params = {"gamma": np.ones(n), "beta": np.zeros(n)}
            self.running_mean = np.zeros(n)
            self.running_var = np.ones(n)
            self.eps = eps
            self.momentum = momentum
            self.training = True

        def forward(self, x):
            if self.training:
                mean = x.mean(axis=0)
                var = x.var(axis=0)
                self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
                self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var
            else:
                mean, var = self.running_mean, self.running_var
            self.xhat = (x - mean) / np.sqrt(var + self.eps)
            return self.params["gamma"] * self.xhat + self.params["beta"]

    class CrossEntropyLoss(Module):
        def forward(self, x, y):
            self.y = y
            x = x - x.max(axis=1, keepdims=True)
            self.p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
            return -np.mean(np.log(self.p[np.arange(len(y)), y] + 1e-12))

    class Sequential(Module):
        def __init__(self, *ls):
            self.layers = list(ls)

        def forward(self, x):
            for l in self.layers:
                x = l(x)
            return x

        def parameters(self):
            for l in self.layers:
                if hasattr(l, "params"):
                    for k in l.params:
                        yield l, k

    model = Sequential(Linear(4, 6), BatchNorm1d(6), ReLU(), Dropout(0.2), Linear(6, 3))
    crit = CrossEntropyLoss()

    def loss_fn(model, crit, X, y):
        out = model(X)
        loss = crit(out, y)
        return loss

    return loss_fn, (model, crit, R(8, 4), rng.integers(0, 3, 8)), {}


@prog
def deep_from_scratch_simplenet():
    # "Deep Learning from Scratch" (Saito): cross_entropy_error with one-hot handling
    def softmax(x):
        if x.ndim == 2:
            x = x.T
            x = x - np.max(x, axis=0)
            y = np.exp(x) / np.sum(np.exp(x), axis=0)
            return y.T
        x = x - np.max(x)
        return np.exp(x) / np.sum(np.exp(x))

    def cross_entropy_error(y, t):
        if y.ndim == 1:
            t = t.reshape(1, t.size)
            y = y.reshape(1, y.size)
        if t.size == y.size:
            t = t.argmax(axis=1)
        batch_size = y.shape[0]
        return -np.sum(np.log(y[np.arange(batch_size), t] + 1e-7)) / batch_size

    class simpleNet:
        def __init__(self):
            self.W = R(2, 3)

        def predict(self, x):
            return np.dot(x, self.W)

        def loss(self, x, t):
            z = self.predict(x)
            y = softmax(z)
            return cross_entropy_error(y, t)

    n = simpleNet()
    return n.loss, (np.array([0.6, 0.9]), np.array([0, 0, 1])), {}


@prog
def deep_from_scratch_twolayer_affine():
    class Affine:
        def __init__(self, W, b):
            self.W = W
            self.b = b
            self.x = None
            self.dW = None
            self.db = None
            self.original_x_shape = None

        def forward(self, x):
            self.original_x_shape = x.shape
            x = x.reshape(x.shape[0], -1)
            self.x = x
            return np.dot(self.x, self.W) + self.b

        def backward(self, dout):
            dx = np.dot(dout, self.W.T)
            self.dW = np.dot(self.x.T, dout)
            self.db = np.sum(dout, axis=0)
            return dx.reshape(*self.original_x_shape)

    class Relu:
        def __init__(self):
            self.mask = None

        def forward(self, x):
            self.mask = x <= 0
            out = x.copy()
            out[self.mask] = 0
            return out

        def backward(self, dout):
            dout[self.mask] = 0
            return dout

    class SoftmaxWithLoss:
        def __init__(self):
            self.loss = None
            self.y = None
            self.t = None

        def forward(self, x, t):
            self.t = t
            x = x - np.max(x, axis=-1, keepdims=True)
            self.y = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
            self.loss = -np.sum(np.log(self.y[np.arange(len(t)), t] + 1e-7)) / len(t)
            return self.loss

        def backward(self, dout=1):
            batch_size = self.t.shape[0]
            dx = self.y.copy()
            dx[np.arange(batch_size), self.t] -= 1
            return dx / batch_size

    class TwoLayerNet:
        def __init__(self, i, h, o, weight_init_std=0.3):
            self.params = {}
            self.params["W1"] = weight_init_std * R(i, h)
            self.params["b1"] = np.zeros(h)
            self.params["W2"] = weight_init_std * R(h, o)
            self.params["b2"] = np.zeros(o)
            self.layers = OrderedDict()
            self.layers["Affine1"] = Affine(self.params["W1"], self.params["b1"])
            self.layers["Relu1"] = Relu()
            self.layers["Affine2"] = Affine(self.params["W2"], self.params["b2"])
            self.lastLayer = SoftmaxWithLoss()

        def predict(self, x):
            for layer in self.layers.values():
                x = layer.forward(x)
            return x

        def loss(self, x, t):
            return self.lastLayer.forward(self.predict(x), t)

        def gradient(self, x, t):
            self.loss(x, t)
            dout = 1
            dout = self.lastLayer.backward(dout)
            layers = list(self.layers.values())
            layers.reverse()
            for layer in layers:
                dout = layer.backward(dout)
            return {"W1": self.layers["Affine1"].dW}

    n = TwoLayerNet(4, 5, 3)
    return n.loss, (R(6, 4), rng.integers(0, 3, 6)), {}


@prog
def dezero_like():
    class Variable:
        def __init__(self, data):
            self.data = data
            self.grad = None
            self.creator = None

        def __add__(self, o):
            return add(self, o)

        def __mul__(self, o):
            return mul(self, o)

    class Function:
        def __call__(self, *inputs):
            xs = [x.data for x in inputs]
            ys = self.forward(*xs)
            if not isinstance(ys, tuple):
                ys = (ys,)
            outputs = [Variable(y) for y in ys]
            for o in outputs:
                o.creator = self
            self.inputs = inputs
            self.outputs = outputs
            return outputs if len(outputs) > 1 else outputs[0]

    class Add(Function):
        def forward(self, a, b):
            return a + b

    class Mul(Function):
        def forward(self, a, b):
            return a * b

    class MatMul(Function):
        def forward(self, a, b):
            return a.dot(b)

    class Sin(Function):
        def forward(self, a):
            return np.sin(a)

    class Sum(Function):
        def forward(self, a):
            return a.sum()

    add = lambda a, b: Add()(a, b)
    mul = lambda a, b: Mul()(a, b)

    def loss(W, x):
        W, x = Variable(W), Variable(x)
        h = Sin()(MatMul()(x, W))
        L = Sum()(h * h + h)
        return L.data

    return loss, (R(3, 2), R(4, 3)), {"wrt": "W"}


# ---- SciPy objectives
@prog
def scipy_logreg_jac_true():
    def fun(w, X, y, lam):
        z = X @ w
        p = expit(z)
        f = -np.mean(y * np.log(p) + (1 - y) * np.log1p(-p)) + 0.5 * lam * w @ w
        g = X.T @ (p - y) / len(y) + lam * w
        return f, g

    X = R(9, 3)
    y = rng.integers(0, 2, 9).astype(float)
    minimize(fun, np.zeros(3), args=(X, y, 0.1), jac=True)
    return fun, (R(3), X, y, 0.1), {"wrt": "w"}


@prog
def scipy_softmax_flat():
    def objective(theta, X, Y, n_hidden, alpha):
        n, d = X.shape
        k = Y.shape[1]
        W1 = theta[: d * n_hidden].reshape(d, n_hidden)
        b1 = theta[d * n_hidden : d * n_hidden + n_hidden]
        off = d * n_hidden + n_hidden
        W2 = theta[off : off + n_hidden * k].reshape(n_hidden, k)
        b2 = theta[off + n_hidden * k :]
        H = np.tanh(X @ W1 + b1)
        Z = H @ W2 + b2
        lse = logsumexp(Z, axis=1)
        loss = np.mean(lse - np.sum(Y * Z, axis=1)) + alpha / 2 * (np.sum(W1**2) + np.sum(W2**2))
        Pm = np.exp(Z - lse[:, None])
        D = (Pm - Y) / n
        gW2 = H.T @ D + alpha * W2
        gb2 = D.sum(0)
        D1 = (D @ W2.T) * (1 - H**2)
        gW1 = X.T @ D1 + alpha * W1
        gb1 = D1.sum(0)
        return loss, np.r_[gW1.ravel(), gb1, gW2.ravel(), gb2]

    return objective, (R(3 * 4 + 4 + 4 * 2 + 2), R(6, 3), np.eye(2)[rng.integers(0, 2, 6)], 4, 0.1), {"wrt": "theta"}


@prog
def scipy_rosen():
    def rosen(x):
        """The Rosenbrock function"""
        return sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)

    return rosen, (R(5),), {}


@prog
def scipy_mle_normal():
    data = R(20) * 2 + 1

    def neg_log_likelihood(params):
        mu, log_sigma = params
        return -np.sum(stats.norm.logpdf(data, loc=mu, scale=np.exp(log_sigma)))

    minimize(neg_log_likelihood, [0, 0], method="BFGS")
    return neg_log_likelihood, (np.array([0.3, 0.2]),), {}


@prog
def scipy_mle_gamma_list():
    x = rng.gamma(2.0, 1.5, size=15)

    def nll(theta):
        a, b = theta[0], theta[1]
        if a <= 0 or b <= 0:
            return np.inf
        return -(stats.gamma.logpdf(x, a, scale=b)).sum()

    return nll, ([2.0, 1.5],), {}


@prog
def scipy_leastsq_residuals():
    t = np.linspace(0, 5, 12)
    yobs = 2.5 * np.exp(-1.3 * t) + 0.5 + 0.01 * R(12)

    def residuals(p, t, y):
        A, k, c = p
        return A * np.exp(-k * t) + c - y

    def cost(p, t, y):
        return 0.5 * np.sum(residuals(p, t, y) ** 2)

    return cost, (np.array([2.0, 1.0, 0.3]), t, yobs), {"wrt": "p"}


@prog
def scipy_minimize_portfolio():
    mu = R(4) * 0.1
    S = R(4, 4)
    S = S @ S.T

    def sharpe(w, mu, cov, rf=0.01):
        ret = np.dot(w, mu)
        vol = np.sqrt(np.dot(w.T, np.dot(cov, w)))
        return -(ret - rf) / vol

    return sharpe, (np.ones(4) / 4, mu, S), {"wrt": "w"}


@prog
def scipy_svm_dual_hinge():
    def f(w, X, y, C):
        margins = 1 - y * (X.dot(w[:-1]) + w[-1])
        loss = 0.5 * np.dot(w[:-1], w[:-1]) + C * np.sum(np.maximum(0, margins) ** 2)
        ind = margins > 0
        g = np.zeros_like(w)
        g[:-1] = w[:-1] - 2 * C * X[ind].T.dot(y[ind] * margins[ind])
        g[-1] = -2 * C * np.sum(y[ind] * margins[ind])
        return loss, g

    return f, (R(4), R(8, 3), np.sign(R(8)), 1.0), {"wrt": "w"}


@prog
def scipy_ar_arma():
    def nll(params, y):
        c, phi, theta, logs = params
        e = np.zeros(len(y))
        for t in range(1, len(y)):
            e[t] = y[t] - c - phi * y[t - 1] - theta * e[t - 1]
        s2 = np.exp(logs)
        return 0.5 * np.sum(np.log(2 * np.pi * s2) + e[1:] ** 2 / s2)

    return nll, (np.array([0.1, 0.5, 0.2, 0.0]), R(9)), {"wrt": "params"}


@prog
def scipy_garch():
    def garch_neg_loglik(params, returns):
        omega, alpha, beta = params
        T = len(returns)
        sigma2 = np.zeros(T)
        sigma2[0] = np.var(returns)
        for t in range(1, T):
            sigma2[t] = omega + alpha * returns[t - 1] ** 2 + beta * sigma2[t - 1]
        logliks = -0.5 * (np.log(2 * np.pi) + np.log(sigma2) + returns**2 / sigma2)
        return -np.sum(logliks)

    return garch_neg_loglik, (np.array([0.1, 0.1, 0.8]), R(10)), {"wrt": "params"}


@prog
def scipy_class_model_nll():
    class PoissonRegression:
        def __init__(self, X, y):
            self.X = X
            self.y = y

        def _nll(self, beta):
            eta = self.X @ beta
            mu = np.exp(eta)
            return np.sum(mu - self.y * eta + special.gammaln(self.y + 1))

        def _grad(self, beta):
            return self.X.T @ (np.exp(self.X @ beta) - self.y)

        def fit(self):
            res = minimize(self._nll, np.zeros(self.X.shape[1]), jac=self._grad)
            self.coef_ = res.x
            return self

    m = PoissonRegression(R(9, 3), rng.poisson(2.0, 9)).fit()
    return m._nll, (R(3),), {"wrt": "beta"}


@prog
def gp_marginal_scipy():
    from scipy.linalg import cho_solve, cholesky
    from scipy.spatial.distance import cdist

    X = R(7, 2)
    y = R(7)

    def nll(theta):
        l, sf, sn = np.exp(theta)
        d = cdist(X, X, "sqeuclidean")
        K = sf**2 * np.exp(-0.5 * d / l**2) + sn**2 * np.eye(len(X))
        L = cholesky(K, lower=True)
        alpha = cho_solve((L, True), y)
        return 0.5 * y @ alpha + np.log(np.diag(L)).sum() + 0.5 * len(X) * np.log(2 * np.pi)

    return nll, (np.array([0.1, 0.2, -1.0]),), {}


@prog
def backprop_conv_class():
    class Conv3x3:
        def __init__(self, n):
            self.num_filters = n
            self.filters = R(n, 3, 3) / 9

        def iterate_regions(self, image):
            h, w = image.shape
            for i in range(h - 2):
                for j in range(w - 2):
                    yield image[i : (i + 3), j : (j + 3)], i, j

        def forward(self, input):
            self.last_input = input
            h, w = input.shape
            output = np.zeros((h - 2, w - 2, self.num_filters))
            for im_region, i, j in self.iterate_regions(input):
                output[i, j] = np.sum(im_region * self.filters, axis=(1, 2))
            return output

    class MaxPool2:
        def iterate_regions(self, image):
            h, w, _ = image.shape
            for i in range(h // 2):
                for j in range(w // 2):
                    yield image[(i * 2) : (i * 2 + 2), (j * 2) : (j * 2 + 2)], i, j

        def forward(self, input):
            h, w, nf = input.shape
            output = np.zeros((h // 2, w // 2, nf))
            for r, i, j in self.iterate_regions(input):
                output[i, j] = np.amax(r, axis=(0, 1))
            return output

    class Softmax:
        def __init__(self, i, o):
            self.weights = R(i, o) / i
            self.biases = np.zeros(o)

        def forward(self, input):
            input = input.flatten()
            totals = np.dot(input, self.weights) + self.biases
            exp = np.exp(totals)
            return exp / np.sum(exp, axis=0)

    conv, pool, sm = Conv3x3(2), MaxPool2(), Softmax(2 * 3 * 3, 4)

    def forward(image, label, conv, pool, sm):
        out = conv.forward((image / 255) - 0.5)
        out = pool.forward(out)
        out = sm.forward(out)
        loss = -np.log(out[label])
        acc = 1 if np.argmax(out) == label else 0
        return out, loss, acc

    return forward, (rng.integers(0, 255, (8, 8)), 2, conv, pool, sm), {"loss": 1}


@prog
def rnn_victorzhou():
    class RNN:
        def __init__(self, i, o, hidden_size=4):
            self.Whh = R(hidden_size, hidden_size) / 3
            self.Wxh = R(hidden_size, i) / 3
            self.Why = R(o, hidden_size) / 3
            self.bh = np.zeros((hidden_size, 1))
            self.by = np.zeros((o, 1))

        def forward(self, inputs):
            h = np.zeros((self.Whh.shape[0], 1))
            self.last_inputs = inputs
            self.last_hs = {0: h}
            for i, x in enumerate(inputs):
                h = np.tanh(self.Wxh @ x + self.Whh @ h + self.bh)
                self.last_hs[i + 1] = h
            y = self.Why @ h + self.by
            return y, h

    r = RNN(5, 2)

    def softmax(xs):
        return np.exp(xs) / sum(np.exp(xs))

    def run(rnn, data):
        loss = 0
        num_correct = 0
        for inputs, y in data:
            target = int(y)
            out, _ = rnn.forward(inputs)
            probs = softmax(out)
            loss -= np.log(probs[target])
            num_correct += int(np.argmax(probs) == target)
        return loss / len(data)

    data = [([np.eye(5)[k][:, None] for k in rng.integers(0, 5, 4)], bool(j)) for j in (0, 1)]
    return run, (r, data), {}


@prog
def neural_ode_params_scipy():
    def f(p, y0, ts, obs):
        y = y0.copy()
        out = []
        dt = ts[1] - ts[0]
        for t in ts:
            out.append(y)
            dy = np.array([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]])
            y = y + dt * dy
        return np.sum((np.array(out) - obs) ** 2)

    return f, (np.array([1.0, 0.4, 0.3, 0.9]), np.array([1.0, 0.5]), np.linspace(0, 1, 6), R(6, 2)), {"wrt": "p"}


@prog
def mcfadden_logit():
    def ll(beta, X, choice, avail):
        V = np.einsum("nja,a->nj", X, beta)
        V = np.where(avail, V, -np.inf)
        V -= V.max(axis=1, keepdims=True)
        num = np.exp(V[np.arange(len(choice)), choice])
        return -np.log(num / np.exp(V).sum(1)).sum()

    av = np.ones((6, 4), bool)
    av[0, 3] = av[2, 1] = False
    return ll, (R(3), R(6, 4, 3), np.array([0, 1, 2, 3, 0, 1]), av), {"wrt": "beta"}


@prog
def probit_ordered():
    def nll(params, x, y, ncat=4):
        beta = params[0]
        cut = np.cumsum(np.concatenate(([params[1]], np.exp(params[2:]))))
        cut = np.concatenate(([-np.inf], cut, [np.inf]))
        pr = stats.norm.cdf(cut[y + 1] - beta * x) - stats.norm.cdf(cut[y] - beta * x)
        return -np.sum(np.log(pr))

    return nll, (np.array([0.5, -1.0, 0.1, 0.2]), R(8), np.array([0, 1, 2, 3, 1, 2, 0, 3])), {"wrt": "params"}


@prog
def hessian_callable_scipy_fun_kwargs():
    class Objective:
        def __init__(self, A, b):
            self.A, self.b = A, b
            self.nfev = 0

        def __call__(self, x):
            self.nfev += 1
            r = self.A @ x - self.b
            self.r = r
            return 0.5 * r @ r

        def jac(self, x):
            return self.A.T @ (self.A @ x - self.b)

        def hess(self, x):
            return self.A.T @ self.A

    o = Objective(R(6, 3), R(6))
    return o, (R(3),), {"wrt": "x"}


@prog
def adam_training_loop_last_loss():
    def train(X, y, lr=0.1, epochs=3):
        W = np.zeros((X.shape[1], 1))
        b = 0.0
        for e in range(epochs):
            yhat = X @ W + b
            loss = np.mean((yhat - y) ** 2)
            dW = 2 * X.T @ (yhat - y) / len(X)
            db = 2 * np.mean(yhat - y)
            W -= lr * dW
            b -= lr * db
        return loss

    return train, (R(6, 3), R(6, 1)), {"wrt": "X"}
