"""The two-layer network, and a sigmoid neuron, as SymPy expressions."""

import sympy as sp

import symbackprop as sb

c, d, h = sp.symbols("c d h", integer=True, positive=True)
x, y = sp.MatrixSymbol("x", d, 1), sp.MatrixSymbol("y", c, 1)
W_1, W_2 = sp.MatrixSymbol("W_1", h, d), sp.MatrixSymbol("W_2", c, h)
t = sp.Symbol("t")

residual = W_2 * (W_1 * x).applyfunc(sp.Lambda(t, 1 / (1 + sp.exp(-t)))) - y
two_layer = sb.from_sympy(residual.T * residual, wrt=[W_1, W_2])

w_0, w_1, w_2, x_0, x_1 = sp.symbols("w_0 w_1 w_2 x_0 x_1")
neuron = sb.from_sympy(1 / (1 + sp.exp(-(w_0 * x_0 + w_1 * x_1 + w_2))), name="f")

if __name__ == "__main__":
    print(sb.derive(two_layer).text())
    print(sb.derive(neuron).text())
