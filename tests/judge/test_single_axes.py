"""Claims that leave out the axes of size 1 of what they are about: K_{uv} of a kernel with one channel in and one out."""

import pytest

import symbackprop as sb

ONE_CHANNEL = """x: data[1, h, w]
K: parameter[1, 1, k, k]
y: data[1, h - k + 1, w - k + 1]
z = conv2d(x, K)
L = sum((z-y)**2)/2"""
COLUMN = """x: data[d, 1]
W: parameter[n, d]
b: parameter[n, 1]
y: data[n, 1]
z = W @ x + b
L = sum((z-y)**2)/2"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "claim"),
    [
        (ONE_CHANNEL, r"\frac{\partial L}{\partial K_{uv}} = \sum_{i,j}(z_{ij} - y_{ij})\,x_{i+u-1,\,j+v-1}"),
        (ONE_CHANNEL, r"\frac{\partial L}{\partial K_{1,1,u,v}} = \sum_{i,j}(z_{1,ij} - y_{1,ij})\,x_{1,i+u-1,\,j+v-1}"),
        (COLUMN, r"\frac{\partial L}{\partial b_i} = z_i - y_i"),
        (COLUMN, r"\frac{\partial L}{\partial W_{ij}} = (z_i - y_i) x_j"),
    ],
)
def test_axes_of_size_1_may_be_left_out_on_the_left(network: str, claim: str) -> None:
    assert sb.verify(network, f"$${claim}$$").ok
    assert sb.verify(network, f"$${claim.replace('- y', '+ y')}$$").exit_code == 1
