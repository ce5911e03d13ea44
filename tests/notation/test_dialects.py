"""Words of torch, JAX, SciPy and math: each is the function of the language that it says, or is refused."""

import pytest

from symbackprop.notation import NotationError, read
from symbackprop.notation.dialects import METHODS, found, word

D = "X: parameter[n, d]\nY: data[n, d]\nW: parameter[c, d]\nb: parameter[c]\nt: integers[n, d]\n"
SAME = {
    "torch.relu(X).sum()": "sum(relu(X))",
    "X.mm(W.t()).sigmoid().log().sum()": "sum(log(sigmoid(X @ W.T)))",
    "torch.softmax(X, dim=1).view(-1).norm()": "norm(reshape(softmax(X, axis=1), -1))",
    "X.pow(2).sum(dim=1, keepdim=True).mean()": "mean(sum(X**2, axis=1, keepdims=True))",
    "F.cross_entropy(X, t)": "cross_entropy(X, t)",
    "F.mse_loss(X, Y, reduction='sum')": "mse_loss(X, Y, reduction='sum')",
    "F.l1_loss(X, Y)": "mae_loss(X, Y)",
    "F.linear(X, W, b).sum()": "sum(X @ W.T + b)",
    "torch.cat([X, Y], dim=1).sum()": "sum(concatenate([X, Y], axis=1))",
    "torch.transpose(X, 0, 1).sum()": "sum(swapaxes(X, 0, 1))",
    "X.permute(1, 0).sum()": "sum(transpose(X, (1, 0)))",
    "torch.max(X)": "max(X)",
    "torch.max(X, Y).sum()": "sum(maximum(X, Y))",
    "torch.amax(X, dim=1).sum()": "sum(max(X, axis=1))",
    "torch.clamp(X, min=0).sum()": "sum(maximum(X, 0))",
    "X.clamp(-1, 1).sum()": "sum(clip(X, -1, 1))",
    "F.leaky_relu(X, negative_slope=0.2).sum()": "sum(leaky_relu(X, alpha=0.2))",
    "X.unsqueeze(0).sum() / X.size(0)": "sum(expand_dims(X, 0)) / n",
    "torch.max(X, dim=1).values.sum()": "sum(max(X, axis=1))",
    "X.max(1, keepdim=True)[0].sum()": "sum(max(X, axis=1, keepdims=True))",
    "torch.var(X)": "var(X, ddof=1)",
    "X.std(dim=0).sum()": "sum(std(X, axis=0, ddof=1))",
    "X[None].transpose(1, 2).sum()": "sum(swapaxes(X[None], 1, 2))",
    "nn.MSELoss(reduction='sum')(X, Y)": "mse_loss(X, Y, reduction='sum')",
    "F.gelu(X, approximate='tanh').sum()": "sum(gelu_tanh(X))",
    "torch.rsqrt(X*X + 1).sum().item()": "sum(1/sqrt(X*X + 1))",
    "jax.nn.relu(X).sum() + jnp.sum(jax.nn.softplus(X))": "sum(relu(X)) + sum(softplus(X))",
    "jax.nn.gelu(X).sum()": "sum(gelu_tanh(X))",
    "jax.scipy.special.logsumexp(X)": "logsumexp(X)",
    "scipy.special.softmax(X[0]).sum()": "sum(softmax(X[0], axis=0))",
    "scipy.signal.correlate(X[0], b).sum()": "sum(correlate(X[0], b, 'full'))",
    "scipy.stats.norm.logpdf(X, Y, 2).sum()": "sum(-square((X - Y)/2)/2 - log(2*pi)/2 - log(2))",
    "norm.logpdf(X, Y, 2).sum()": "sum(scipy.stats.norm.logpdf(X, Y, 2))",
    "scipy.stats.norm(Y, scale=2).logpdf(X).sum()": "sum(scipy.stats.norm.logpdf(X, Y, 2))",
    "norm(0, 2).logpdf(X).sum()": "sum(scipy.stats.norm.logpdf(X, 0, 2))",
    "gamma.logpdf(square(X), 3).sum()": "sum(scipy.stats.gamma.logpdf(square(X), 3))",
    "sum(gamma(square(X)))": "sum(scipy.special.gamma(square(X)))",
    "comb(5, 2) * binom(4, 2) * math.comb(3, 1) * sum(X)": "180 * sum(X)",
    "scipy.special.expit(X).sum()": "sum(sigmoid(X))",
    "(X.max(dim=1).indices * 2).sum()": "sum(argmax(X, 1) * 2)",
    "math.sqrt(2) * sum(X) * math.pi": "sqrt(2) * sum(X) * pi",
    "np.identity(3).sum() * sum(X)": "sum(eye(3)) * sum(X)",
    "jax.numpy.linalg.norm(X)": "norm(X)",
}
REFUSED = {
    "torch.max(X, dim=1) * 2": "these are several values, values, indices. Write .values, or [0], for the first.",
    "X.cummax(dim=1).indices * 2": "the positions are read, which have no derivative",
    "X.max(1)[0]": "X.max(1)[0]: of torch .max(1) is a pair, of NumPy an array. Write X.max(axis=1)[...] for an entry of NumPy's, "
    "X.max(dim=1)[0] for torch's values.",
    "X.transpose(0, 1).sum()": "X.transpose(0, 1) leaves the axes in NumPy, and exchanges them in torch. Write X.T.",
    "X.repeat(2).sum()": ".repeat() repeats each entry in NumPy, and the whole in torch.",
    "F.softmax(X)": "torch.nn.functional.softmax has no default for dim that is ours. Write dim=-1.",
    "F.cross_entropy(X[None], t[None])": "integers must have the shape (1, d), one for each row",
    "F.embedding_bag(X)": "embedding_bag of torch: missing a required argument: 'weight'.",
    "nn.Linear(3, 2)(X).sum()": "Linear is not a function of the language.",
    "X.size(2)": "X.size(2): there are 2 axes, counted from 0.",
    "norm.logcdff(X)": "norm is a function. Write norm(...).",
    "X.backward()": ".backward() is not in the language.",
}


@pytest.mark.parametrize("written", SAME)
def test_a_word_of_another_library_is_the_function_that_it_means(written: str) -> None:
    ours, theirs = (str(read(f"{D}L = {text}")) for text in (SAME[written], written))
    assert theirs == ours


@pytest.mark.parametrize("written", REFUSED)
def test_a_word_that_means_another_is_refused(written: str) -> None:
    with pytest.raises(NotationError) as caught:
        read(f"{D}L = {written}")
    assert REFUSED[written] in str(caught.value)


def test_layers_and_losses_of_torch_may_have_names() -> None:
    text = "criterion = nn.CrossEntropyLoss(label_smoothing=0.1)\nact = nn.LeakyReLU(0.2)\nL = criterion(act(X), t[0])"
    declared = D.replace("t: integers[n, d]", "t: integers[1, n, d]")
    assert str(read(declared + text)) == str(read(f"{declared}L = cross_entropy(leaky_relu(X, 0.2), t[0], smoothing=0.1)"))


def test_a_tensor_may_be_called_as_a_module_is() -> None:
    assert str(read("F: parameter[n]\nL = sum(F.exp())")) == str(read("F: parameter[n]\nL = sum(exp(F))"))


def test_every_word_of_the_tables_is_a_function() -> None:
    from symbackprop.notation import dialects

    assert all(found(name) for name in (*METHODS.values(), *dialects._NUMPY.values(), *dialects._JAX.values()))
    assert all(word("torch", name, [0, 0], ("dim", "axis")) for name in dialects._TORCH if name not in ("max", "min"))
