r"""A network in LaTeX, by the grammar of claims: \hat y = W_2\,\sigma(W_1 x),\ L = (\hat y - y)^2.

text -> declarations and formulas -> names, letters, order (equations) -> tensors (network)
"""
