"""How the time to derive grows with the number of dense layers: 10, 100, 1,000, with the time a layer."""

import time

import pytest

import symbackprop as sb


def network(layers: int) -> str:
    """A text network of `layers` dense layers with biases and tanh."""
    declared = [f"W_{k}: parameter[d, d]\nb_{k}: parameter[d]" for k in range(1, layers + 1)]
    written = [f"h_{k} = tanh(W_{k} @ h_{k - 1} + b_{k})" for k in range(1, layers + 1)]
    return "\n".join(["h_0: data[d]", *declared, *written, f"L = sum(h_{layers}**2)"])


@pytest.mark.parametrize("layers", [10, 100, 1000])
def bench_reading(benchmark, layers: int) -> None:
    """Text to program."""
    text = network(layers)
    benchmark.pedantic(lambda: sb.read(text), rounds=3, warmup_rounds=1)
    benchmark.extra_info["ms a layer"] = round(1e3 * benchmark.stats["min"] / layers, 3)


@pytest.mark.parametrize("layers", [10, 100, 1000])
def bench_deriving(benchmark, layers: int) -> None:
    """Program to gradients."""
    net = sb.read(network(layers))
    benchmark.pedantic(lambda: sb.derive(net), rounds=3, warmup_rounds=1)
    benchmark.extra_info["ms a layer"] = round(1e3 * benchmark.stats["min"] / layers, 3)


def bench_linear() -> None:
    """The time a layer at 1,000 layers as a ratio to that at 100, in one run."""
    nets = {n: sb.read(network(n)) for n in (100, 1000)}
    a_layer = dict.fromkeys(nets, float("inf"))
    for _ in range(5):
        for layers, net in nets.items():
            begun = time.perf_counter()
            sb.derive(net)
            a_layer[layers] = min(a_layer[layers], (time.perf_counter() - begun) / layers)
    print(f"\nderive, ms a layer: {1e3 * a_layer[100]:.3f} at 100, {1e3 * a_layer[1000]:.3f} at 1,000,"
          f" ratio {a_layer[1000] / a_layer[100]:.2f}")  # fmt: skip
