r"""Right gradients in many spellings: what is understood is worth what the tape computes."""

import numpy as np
import pytest

from tests.notation.claims.sample_networks import gradient, understood, worth

RIGHT = [
    # one neuron
    ("gate", "w", r"\nabla_w L = 2(a - t)\,\operatorname{sech}^2(z)\, x"),
    ("gate", "w", r"\frac{\partial L}{\partial w_i} = \frac{8(a-t)}{(e^{z}+e^{-z})^2} x_i"),
    ("gate", "w", r"\frac{dL}{dw} = 2(a-t)(1-a^2)x"),
    ("gate", "w", r"\frac{\mathrm{d}L}{\mathrm{d}w} = 2 (a-t) \tanh'(z) x"),
    ("gate", "w", r"\partial L/\partial w = 2(a-t)(1-\tanh^2 z)\, x"),
    (
        "gate",
        "w",
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial a}\frac{\partial a}{\partial z}\frac{\partial z}{\partial w}",
    ),
    ("gate", "b", r"\frac{\partial L}{\partial b} = -2(t-a)(1+a)(1-a)"),
    ("gate", "b", r"L' = 2(a-t)(1-a^2)"),
    ("gate", "b", r"\frac{dL}{db} = 2 (a - t) \cdot (1 - \tanh(z)^2)"),
    ("gate", "b", r"db = dz"),
    ("gate", "b", r"\frac{\partial L}{\partial b} = \frac{\partial L}{\partial z} \cdot 1"),
    ("gate", "a", r"\frac{\partial L}{\partial a} = -2(t - a)"),
    ("gate", "w", "dw = 2(a-t)(1-a**2)*x"),
    ("gate", "w", "∂L/∂w = 2(a − t)(1 − a²) x"),
    ("gate", "w", r"\frac{\partial L}{\partial \mathbf{w}} = 2(a-t)\left(1-a^2\right)\mathbf{x}"),
    ("gate", "z", r"\frac{\partial L}{\partial z} = 2\left(\tanh(z)-t\right)\left(1-\tanh^2(z)\right)"),
    ("gate", "z", r"\delta = 2(a - t)\sigma'(z)"),
    # two layers, a column
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = \left(W_2^\top(\hat y - y)\odot a_1\odot(1-a_1)\right)x^\top"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = W_2^\top(\hat y - y)\odot a_1\odot(1-a_1)\,x^\top"),
    ("two", "W_1", r"\frac{\partial L}{\partial W^{[1]}} = (W^{[2]T}(\hat y-y)\odot\sigma'(z^{[1]}))x^T"),
    ("two", "W_1", r"\frac{\partial L}{\partial W^{[1]}_{ij}} = \sum_k (\hat y_k - y_k)\, W^{(2)}_{ki}\, \sigma'(z_{1,i})\, x_j"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_{1,ij}} = \sum_{k} (\hat{y}_k - y_k) W_{2,ki} a_{1,i} (1 - a_{1,i}) x_j"),
    ("two", "W_1", r"\frac{\partial L}{\partial (W_1)_{ij}} = \Big(\sum_k (\hat y_k - y_k)(W_2)_{ki}\Big) (a_1)_i (1-(a_1)_i) x_j"),
    ("two", "W_1", r"dW_1 = dz_1 x^\top"),
    ("two", "W_1", r"dW^{[1]} = dz^{[1]} x^T"),
    ("two", "W_1", r"\nabla_{W_1} L = \nabla_{z_1} L \, x^{\mathsf T}"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = \frac{\partial L}{\partial z_1} \otimes x"),
    (
        "two",
        "W_1",
        r"\frac{\partial L}{\partial W_1} = \operatorname{diag}(\sigma'(z_1)) W_2^{\intercal} (\hat y - y) x^{\intercal}",
    ),
    (
        "two",
        "W_1",
        r"\frac{\partial L}{\partial W_1} = \delta_1 x^\top, \quad \delta_1 = (W_2^\top \delta_2)\odot\sigma'(z_1),\quad \delta_2 = \hat y - y",
    ),
    (
        "two",
        "W_1",
        r"\begin{aligned} \frac{\partial L}{\partial W_1} &= \delta x^\top \\ \delta &= W_2^\top e \odot a_1 \odot (1 - a_1) \\ e &= \hat{y} - y\end{aligned}",
    ),
    (
        "two",
        "W_1",
        r"\frac{\partial L}{\partial W_1} = (W_2^\top e \circ a_1 \circ (\mathbf{1} - a_1)) x^\top \text{ where } e = \hat y - y",
    ),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \mathrm{diag}(a_1)\,(I - \mathrm{diag}(a_1))\, W_2^{T}(\hat{y}-y)"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = W_2^\top(\hat y-y)\odot\frac{e^{-z_1}}{(1+e^{-z_1})^2}"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_{1,i}} = \sum_{k}(\hat y_k-y_k)W_{2,ki}\,\sigma(z_{1,i})(1-\sigma(z_{1,i}))"),
    ("two", "b_1", r"db_1 = dz_1"),
    (
        "two",
        "b_1",
        r"\frac{\partial L}{\partial b_1} = \left(\frac{\partial a_1}{\partial z_1}\right)^\top \left(\frac{\partial \hat y}{\partial a_1}\right)^\top \frac{\partial L}{\partial \hat y}",
    ),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \frac{\partial L}{\partial a_1} \odot \frac{\partial a_1}{\partial z_1}"),
    ("two", "W_2", r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial \hat y}\, a_1^{\mathsf T}"),
    ("two", "W_2", r"\frac{\partial L}{\partial W_2} = (\hat y - y) a_1^\top"),
    ("two", "W_2", r"\frac{\partial L}{\partial W_2} = \left[\hat{y} - y\right] \left[a_1\right]^{\top}"),
    ("two", "W_2", r"\frac{\partial L}{\partial W_2} = (W_2 a_1 + b_2 - y)\,\sigma(W_1 x + b_1)^\top"),
    ("two", "W_2", r"\frac{\partial L}{\partial W_{2,ki}} = (\hat y_k - y_k)a_{1,i}"),
    ("two", "W_2", r"\left(\frac{\partial L}{\partial W_2}\right)_{ki} = (\hat y_k - y_k)a_{1,i}"),
    ("two", "W_2", r"\left(\frac{\partial L}{\partial W_2}\right)^\top = a_1 (\hat y - y)^\top"),
    ("two", "W_2", "(yhat - y)[:, None] * a_1"),
    ("two", "W_2", "e = yhat - y\nnp.outer(e, a_1)"),
    ("two", "W_1", "d2 = yhat - y\nd1 = (W_2.T @ d2) * a_1 * (1 - a_1)\ndW_1 = np.outer(d1, x)"),
    ("two", "W_1", "np.outer(dz_1, x)"),
    ("two", "b_2", r"\frac{\partial L}{\partial b_2} = \hat{y} - y"),
    ("two", "a_1", r"\frac{\partial L}{\partial a_1} = W_2^\top(\hat y-y)"),
    ("two", "a_1", r"\frac{\partial L}{\partial a_1} = ((\hat y-y)^\top W_2)^\top"),
    ("two", "a_1", r"\frac{\partial L}{\partial a_{1,j}} = \sum_{i=1}^{k} (\hat y_i - y_i) W_{2,ij}"),
    ("two", "x", r"\frac{\partial L}{\partial x} = W_1^\top\left(a_1\odot(1-a_1)\odot W_2^\top(\hat y-y)\right)"),
    # a batch in rows
    ("batch", "W2", r"\frac{\partial L}{\partial W_2} = \frac{1}{n} H^\top (\hat Y - Y)"),
    ("batch", "W2", r"\frac{\partial L}{\partial W_2} = \frac1N H^T(\hat{Y}-Y)"),
    ("batch", "W2", r"\nabla_{W_2}L = \frac{1}{N}\sum_{i=1}^N h_i(\hat y_i-y_i)^\top"),
    ("batch", "W1", r"\frac{\partial L}{\partial W_1} = \frac{1}{N}X^\top\left((\hat Y-Y)W_2^\top\odot\mathbb{1}[Z_1>0]\right)"),
    ("batch", "W1", r"\frac{\partial L}{\partial W_1} = \frac{1}{m}X^\top\left[(\hat Y-Y)W_2^\top\circ\mathbf 1\{Z_1>0\}\right]"),
    (
        "batch",
        "W1",
        r"\frac{\partial L}{\partial W_1} = \frac{1}{n}X^\top\left((\hat Y-Y)W_2^\top\odot\operatorname{ReLU}'(Z_1)\right)",
    ),
    ("batch", "W1", r"\frac{\partial L}{\partial W_1} = X^\top\left(\frac{\partial L}{\partial H}\odot\mathbf{1}_{Z_1>0}\right)"),
    (
        "batch",
        "W1",
        r"\frac{\partial L}{\partial W_{1,ij}} = \frac1n\sum_{p}\sum_{q} X_{pi}\,\mathbf{1}[Z_{1,pj}>0]\,W_{2,jq}(\hat Y_{pq}-Y_{pq})",
    ),
    ("batch", "b1", r"\frac{\partial L}{\partial b_1} = \left(\frac{\partial L}{\partial Z_1}\right)^\top \mathbf{1}"),
    ("batch", "b1", r"\frac{\partial L}{\partial b_{1}} = \sum_{i} \left(\frac{\partial L}{\partial Z_1}\right)_{i}"),
    ("batch", "b2", r"\frac{\partial L}{\partial b_2} = \frac{1}{n}\sum_{i=1}^{n}(\hat{y}_i-y_i)"),
    ("batch", "b2", r"\frac{\partial L}{\partial b_2} = \frac{1}{n}(\hat Y-Y)^\top\mathbf{1}_n"),
    ("batch", "b2", r"\frac{\partial L}{\partial b_{2,j}} = \frac{1}{n}\sum_{i=1}^{n}(\hat{Y}_{ij}-Y_{ij})"),
    ("batch", "b2", "dYhat = (Yhat - Y)/n\ndb2 = dYhat.sum(axis=0)"),
    ("batch", "W1", "dYhat = (Yhat - Y)/n\ndH = dYhat @ W2.T\ndZ = dH * (Z1 > 0)\nX.T @ dZ"),
    (
        "batch",
        "Z1",
        r"\frac{\partial L}{\partial Z_1} = \frac{1}{N}(\hat Y-Y)W_2^\top\odot\begin{cases}1 & Z_1>0\\0 & \text{otherwise}\end{cases}",
    ),
    ("batch", "H", r"\frac{\partial L}{\partial H} = \frac{1}{N}(\hat Y-Y)W_2^\top"),
    ("batch", "X", r"\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Z_1}W_1^\top"),
    # softmax
    ("softmax", "c", r"\frac{\partial L}{\partial c} = \frac{\partial L}{\partial S}^\top \mathbf 1"),
    ("softmax", "W", r"\frac{\partial L}{\partial W} = X^\top\frac{\partial L}{\partial S}"),
    ("softmax", "P", r"\frac{\partial L}{\partial P} = -\frac{1}{N}\,Y/P"),
    ("softmax", "P", r"\frac{\partial L}{\partial P_{nk}} = -\frac{1}{N}\frac{Y_{nk}}{P_{nk}}"),
    ("softmax", "P", r"\frac{\partial L}{\partial P} = -\frac{1}{N} Y \odot P^{-1}"),
    ("softmax", "S", r"\frac{\partial L}{\partial S_{nj}} = \frac{1}{N}\left(P_{nj}\sum_k Y_{nk} - Y_{nj}\right)"),
    (
        "softmax",
        "S",
        r"\frac{\partial L}{\partial S_{nj}} = \sum_k \frac{\partial L}{\partial P_{nk}} P_{nk}(\delta_{kj} - P_{nj})",
    ),
    # regression with a penalty
    ("ridge", "w", r"\frac{\partial L}{\partial w} = \frac1N\left(X^\top X w - X^\top y\right)+\lambda w"),
    ("ridge", "w", r"\nabla_w L = \frac{1}{n} X^\top (Xw - y) + \lambda w"),
    ("ridge", "w", r"\nabla_w L = \frac{1}{n} \sum_{i=1}^n (x_i^\top w - y_i) x_i + \lambda w"),
    ("ridge", "w", r"\nabla_w L = \frac{1}{n} \sum_i (w^\top x_i - y_i) x_i + \lambda w"),
    (
        "ridge",
        "w",
        r"\frac{\partial L}{\partial w_j} = \frac{1}{m}\sum_{i=1}^{m}\left(\sum_k X_{ik} w_k - y_i\right) x_{ij} + \lambda w_j",
    ),
    ("ridge", "w", r"\frac{\partial L}{\partial w_j} = \frac{1}{m}\sum_{i=1}^{m} r^{(i)} x^{(i)}_j + \lambda w_j"),
    ("ridge", "w", r"\nabla_w L = -\frac1n X^\top(y - Xw) + \lambda w"),
    ("ridge", "w", r"\nabla_w L = \left(\tfrac1n X^\top X + \lambda I\right) w - \tfrac1n X^\top y"),
    ("ridge", "w", "X.T @ (X @ w - y)/n + lam*w"),
    ("ridge", "lam", r"\frac{\partial L}{\partial\lambda} = \frac12\|w\|^2"),
    ("ridge", "lam", r"\frac{\partial L}{\partial\lambda} = \frac12\lVert w\rVert_2^2"),
    ("ridge", "lam", r"\frac{\partial L}{\partial\lambda} = \tfrac{1}{2} w^\top w"),
    ("ridge", "lam", r"\frac{\partial L}{\partial\lambda} = \frac{1}{2} w \cdot w"),
    ("ridge", "lam", r"\frac{\partial L}{\partial\lambda} = \frac{1}{2}\langle w, w\rangle"),
    ("ridge", "lam", r"\frac{\partial L}{\partial\lambda} = \frac{1}{2}\sum_j w_j^2"),
    # two paths
    ("skip", "x", r"\frac{\partial L}{\partial x} = e + W^\top(V^\top e\odot\mathbf 1[z>0]),\quad e = o-t"),
    ("skip", "x", r"\frac{\partial L}{\partial x} = (I + V\,\mathrm{diag}(\mathbb 1[z>0])\,W)^\top (o-t)"),
    ("skip", "x", r"\frac{\partial L}{\partial x} = (o-t) + W^\top\operatorname{diag}(z>0)V^\top(o-t)"),
    ("skip", "W", r"\frac{\partial L}{\partial W} = \left(V^\top(o-t)\odot[z>0]\right)x^\top"),
    ("skip", "V", r"\frac{\partial L}{\partial V} = (o-t)\max(0,z)^\top"),
    ("skip", "h", r"\frac{\partial L}{\partial h} = V^\top (o - t)"),
    # forms
    ("form", "x", r"\nabla_x L = (A + A^\top)x"),
    ("form", "x", r"\frac{\partial L}{\partial x_k} = \sum_j A_{kj}x_j + \sum_i A_{ik}x_i"),
    ("form", "A", r"\frac{\partial L}{\partial A} = x x^\top"),
    ("form", "A", r"\frac{\partial L}{\partial A_{ij}} = x_i x_j"),
    # classification
    ("logistic", "w", r"\frac{\partial L}{\partial w} = (p-y)x"),
    ("logistic", "w", r"\frac{\partial L}{\partial w_j} = (\sigma(w^\top x+b)-y)\,x_j"),
    ("logistic", "p", r"\frac{\partial L}{\partial p} = -\frac{y}{p}+\frac{1-y}{1-p}"),
    ("logistic", "p", r"\frac{\partial L}{\partial p} = \frac{p-y}{p(1-p)}"),
    ("logistic", "b", r"\frac{\partial L}{\partial b} = \left(-\frac{y}{p}+\frac{1-y}{1-p}\right)p(1-p)"),
    ("hinge", "w", r"\nabla_w L = -y\,x\,\mathbf 1[1-ys>0]"),
    ("hinge", "w", r"\nabla_w L = \begin{cases} -yx & \text{if } y s < 1 \\ 0 & \text{otherwise}\end{cases}"),
    # three layers
    (
        "deep",
        "W1",
        r"\frac{\partial L}{\partial W_1} = \left(W_2^\top\left(W_3^\top(\hat y-y)\odot(1-a_2^2)\right)\odot(1-a_1^2)\right)x^\top",
    ),
    (
        "deep",
        "W1",
        r"\frac{\partial L}{\partial W^{(1)}} = \delta^{(1)} x^\top,\ \delta^{(1)} = (W^{(2)})^\top\delta^{(2)}\odot f'(z^{(1)}),\ \delta^{(2)} = (W^{(3)})^\top(\hat y-y)\odot f'(z^{(2)})",
    ),
    ("deep", "W2", r"\frac{\partial L}{\partial W^{[2]}} = dz^{[2]} a^{[1]\top}"),
    ("deep", "W2", r"\frac{\partial L}{\partial W_2} = \left(W_3^\top(\hat y-y)\odot(1-a_2\odot a_2)\right)a_1^\top"),
    ("deep", "W2", r"\frac{\partial L}{\partial W_2} = \operatorname{diag}(1-a_2^{\odot 2})\,W_3^\top(\hat y-y)\,a_1^\top"),
    (
        "deep",
        "b1",
        r"\frac{\partial L}{\partial b_1} = \operatorname{diag}(1-a_1^2)W_2^\top\operatorname{diag}(1-a_2^2)W_3^\top(\hat y-y)",
    ),
    # through time
    (
        "rnn",
        "W_xh",
        r"\frac{\partial L}{\partial W_{xh}} = \sum_{t=1}^{3}\delta_t x_t^\top,\quad \delta_t = \frac{\partial L}{\partial h_t}\odot(1-h_t^2)",
    ),
    ("rnn", "W_xh", r"\frac{\partial L}{\partial W_{xh}} = \sum_t \frac{\partial L}{\partial s_t}x_t^\top"),
    ("rnn", "W_hh", r"\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^3 \frac{\partial L}{\partial s_t} h_{t-1}^\top"),
    ("rnn", "h_2", r"\frac{\partial L}{\partial h_2} = W_{hh}^\top\left(h_3\odot(1-h_3^2)\right)"),
    ("rnn", "h_2", r"\frac{\partial L}{\partial h_2} = W_{hh}^\top\operatorname{diag}(1-h_3^2)\,h_3"),
    # normalisation
    ("norm", "gamma", r"\frac{\partial L}{\partial\gamma} = c\odot\hat x"),
    ("norm", "beta", r"\frac{\partial L}{\partial\beta} = c"),
    ("norm", "xhat", r"\frac{\partial L}{\partial\hat x_i} = c_i\gamma_i"),
    ("norm", "v", r"\frac{\partial L}{\partial v} = -\frac12\sum_i c_i\gamma_i(x_i-\mu)(v+\epsilon)^{-3/2}"),
    ("norm", "v", r"\frac{\partial L}{\partial v} = \sum_i \gamma_i c_i (x_i-\mu)\cdot(-\tfrac12)(v+\epsilon)^{-3/2}"),
    (
        "norm",
        "x",
        r"\frac{\partial L}{\partial x} = \frac{1}{\sqrt{v+\epsilon}}\left(g-\bar g-\hat x\,\overline{g\hat x}\right),\ g = c\odot\gamma",
    ),
    (
        "norm",
        "x",
        r"\frac{\partial L}{\partial x_i} = \frac{1}{d\sqrt{v+\epsilon}}\Big(d\,g_i-\sum_j g_j-\hat x_i\sum_j g_j\hat x_j\Big),\quad g_i=\gamma_i c_i",
    ),
    # attention
    ("attention", "V", r"\frac{\partial L}{\partial V} = A^\top(O-T)"),
    ("attention", "A", r"\frac{\partial L}{\partial A} = (O-T)V^\top"),
    ("attention", "Q", r"\frac{\partial L}{\partial Q} = \frac{\partial L}{\partial S}K"),
    ("attention", "K", r"\frac{\partial L}{\partial K} = \frac{\partial L}{\partial S}^\top Q"),
    (
        "attention",
        "S",
        r"\frac{\partial L}{\partial S_{ij}} = A_{ij}\Big(\frac{\partial L}{\partial A_{ij}}-\sum_k A_{ik}\frac{\partial L}{\partial A_{ik}}\Big)",
    ),
    # tables, factors
    ("lookup", "H", r"\frac{\partial L}{\partial H} = G"),
    ("lookup", "E", r"\frac{\partial L}{\partial E_{ij}} = \sum_n \mathbf{1}[t_n = i]\,G_{nj}"),
    ("factor", "U", r"\frac{\partial L}{\partial U} = 2DV + 2\lambda U"),
    ("factor", "U", r"\frac{\partial L}{\partial U} = -2(R-UV^\top)V+2\lambda U"),
    ("factor", "V", r"\frac{\partial L}{\partial V} = 2D^\top U + 2\lambda V"),
    ("factor", "U", r"\frac{\partial L}{\partial U_{ik}} = 2\sum_j (U_i\cdot V_j - R_{ij})V_{jk}+2\lambda U_{ik}"),
    ("gauss", "mu", r"\frac{\partial L}{\partial\mu} = -\frac12\sum_i (S^{-1}+S^{-\top})(x_i-\mu)"),
    ("gauss", "P", r"\frac{\partial L}{\partial P} = \frac12\sum_{i=1}^n(x_i-\mu)(x_i-\mu)^\top"),
    ("gauss", "P", r"\frac{\partial L}{\partial P} = \frac12(X-\mu)^\top(X-\mu)"),
]


@pytest.mark.parametrize(("name", "wrt", "claim"), RIGHT, ids=[f"{n}-{w}-{k}" for k, (n, w, _) in enumerate(RIGHT)])
def test_a_right_claim_is_worth_the_gradient(name: str, wrt: str, claim: str) -> None:
    found = understood(name, wrt, claim)
    reading = found.readings[0]
    assert reading.fits
    assert not found.unknown
    assert not found.left.contradiction
    np.testing.assert_allclose(worth(name, reading), gradient(name, wrt), rtol=1e-9, atol=1e-12)
