"""Small networks whose gradients people derive by hand, as the tests and the benchmark of the judge need them."""

NETWORKS = {
    "neuron": """
        w: parameter[d]
        b: parameter[()]
        x: data[d]
        t: data[()]
        z = sum(w*x) + b
        a = tanh(z)
        L = (a - t)**2""",
    "two_layer": """
        W_1: parameter[h, d]
        c_1: parameter[h]
        W_2: parameter[k, h]
        x: data[d]
        t: data[k]
        z_1 = W_1 @ x + c_1
        a_1 = sigmoid(z_1)
        yhat = W_2 @ a_1
        L = 0.5*sum((yhat - t)**2)""",
    "softmax": """
        X: data[n, d]
        Y: labels[n, k]
        W: parameter[d, k]
        c: parameter[k]
        S = X @ W + c
        E = exp(S)
        P = E / sum(E, axis=1, keepdims=True)
        L = -sum(Y*log(P)) / n""",
    "ridge": """
        X: data[n, d]
        y: data[n]
        w: parameter[d]
        lam: positive[()]
        r = X @ w - y
        L = sum(r**2)/(2*n) + 0.5*lam*sum(w**2)""",
    "skip": """
        x: parameter[d]
        W: parameter[m, d]
        V: parameter[d, m]
        t: data[d]
        z = W @ x
        h = maximum(0, z)
        o = x + V @ h
        L = 0.5*sum((o - t)**2)""",
    "form": """
        A: parameter[d, d]
        x: parameter[d]
        L = x @ A @ x""",
    "hinge": """
        s: parameter[()]
        y: sign[()]
        L = maximum(0, -y*s)""",
    "binary": """
        z: parameter[n]
        y: binary[n]
        a = sigmoid(z)
        L = -sum(y*log(a) + (1 - y)*log(1 - a))""",
    "branches": """
        x: parameter[d]
        u: parameter[d]
        v: parameter[d]
        p = tanh(u*x)
        q = sin(v*x)
        L = sum(p) + sum(q)""",
    "linear_map": """
        W: parameter[m, d]
        x: parameter[d]
        y = W @ x
        L = sum(y**2)""",
    "rate": """
        w: parameter[n]
        a: parameter[n]
        eta: positive[()]
        L = sum(tanh(w*a))""",
    "filter": """
        X: data[N, C, 4]
        K: parameter[O, C, 3]
        Y = conv1d(X, K)
        L = sum(Y**2)""",
}


def network(name: str) -> str:
    """The text of a network."""
    return "\n".join(line.strip() for line in NETWORKS[name].strip().splitlines())
