"""What an argument is by its name: given, a setting, or what may be learnt; where nobody says what is differentiated by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

GIVEN = {
    "x", "xs", "xb", "y", "ys", "yb", "t", "ts", "data", "dataset", "batch", "minibatch", "input", "inputs", "target", "targets",
    "label", "labels", "image", "images", "feature", "features", "obs", "observation", "observations", "sample", "samples",
    "example", "examples",
}  # fmt: skip
BESIDE = {"train", "test", "val", "valid", "true", "all", "ids", ""}  # words that stand beside those
SETTINGS = {
    "cfg", "config", "conf", "hp", "hps", "hparams", "hyper", "hyperparams", "hyperparameters", "args", "opts", "options",
    "settings", "flags",
}  # fmt: skip
NUMBERS = {
    "lr", "learning_rate", "rate", "reg", "lam", "lamb", "lambda_", "lmbda", "eps", "epsilon", "momentum", "decay", "weight_decay",
    "dropout", "keep_prob", "temperature", "tol",
}  # fmt: skip
BIASES = {"b", "b0", "bias", "bias_", "intercept", "intercept_"}  # numbers that are learnt beside weights
KEPT = {"batch_stats", "opt_state"}  # collections of Flax and Optax that no gradient is taken by
HELD = {"X", "Y"}  # and words of more than one letter, but for the data of what wraps a number


def is_given(name: Any) -> bool:
    """Whether an argument is data by its name: X, y_train, batch."""
    words = re.split(r"[_\d]+", str(name).lower())
    return not GIVEN.isdisjoint(words) and set(words) <= GIVEN | BESIDE


def is_set_aside(path: Sequence[Any]) -> bool:
    """Whether an array inside of an argument is data by the names on its path, where others are learnt: batch["x"], self.X."""
    if is_given(path[0]) or path[0] in SETTINGS or not KEPT.isdisjoint(map(str, path)):
        return True
    last = str(path[-1])
    return len(path) > 1 and (last in HELD or (last != "data" and len(last.split("_")[0]) > 1 and is_given(last)))


def is_setting(path: Sequence[Any]) -> bool:
    """Whether a number inside of an argument is a setting by the names on its path: cfg.reg, self.lr."""
    return any(str(step) in SETTINGS for step in path) or str(path[-1]) in NUMBERS


def is_bias(path: Sequence[Any]) -> bool:
    """Whether a number inside of an argument is learnt beside arrays that are: self.bias, params["b"]."""
    return len(path) > 1 and str(path[-1]) in BIASES and not any(str(step) in SETTINGS for step in path)
