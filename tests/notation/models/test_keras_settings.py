"""No setting of a Keras layer is passed over in silence: it changes the network, or what is said, or it is refused."""

import json
from typing import Any

import pytest

import symbackprop as sb
from tests.notation.models.test_keras import layer, sequential

L2 = {"class_name": "L2", "config": {"l2": 0.01}}
OTHER = {
    "activity_regularizer": L2, "kernel_regularizer": L2, "bias_regularizer": L2, "recurrent_regularizer": L2, "beta_regularizer": L2,
    "embeddings_regularizer": L2, "gamma_regularizer": L2, "dilation_rate": [2, 2], "groups": 2, "go_backwards": True, "axis": 1,
    "return_state": True, "stateful": True, "merge_mode": "sum", "epsilon": 0.1, "center": False, "scale": False, "use_bias": False,
    "strides": [3, 3], "padding": "same", "data_format": "channels_first", "mask_zero": True, "recurrent_activation": "relu",
    "activation": "elu", "return_sequences": True, "lora_rank": 4, "dropout": 0.5, "recurrent_dropout": 0.5, "trainable": False,
    "reset_after": False, "pool_size": [3, 3], "units": 7, "output_dim": 7, "momentum": None, "unit_forget_bias": None,
}  # fmt: skip
"""Another value for each setting, None for what is about training alone."""
USUAL: dict[str, Any] = {"activity_regularizer": None, "kernel_regularizer": None, "bias_regularizer": None, "use_bias": True}
STEPS = {"go_backwards": False, "return_state": False, "stateful": False, "return_sequences": False, "recurrent_regularizer": None,
         "recurrent_activation": "sigmoid", "dropout": 0.0, "recurrent_dropout": 0.0, "units": 3, "activation": "tanh", **USUAL}  # fmt: skip
EMBEDDED = layer("Embedding", "e", input_dim=9, output_dim=2, mask_zero=False, lora_rank=None, embeddings_regularizer=None)
GATED = layer("GRU", "g", reset_after=True, **STEPS)
MODELS = {
    "images": sequential(
        layer("Conv2D", "c", filters=2, kernel_size=[2, 2], strides=[1, 1], padding="valid", data_format="channels_last",
              dilation_rate=[1, 1], groups=1, activation="relu", **USUAL),
        layer("BatchNormalization", "n", axis=-1, momentum=0.9, epsilon=0.001, center=True, scale=True, beta_regularizer=None,
              gamma_regularizer=None),
        layer("MaxPooling2D", "m", pool_size=[2, 2], strides=[2, 2], padding="valid", data_format="channels_last"),
        layer("Flatten", "f"), layer("Dense", "d", units=1, activation="sigmoid", lora_rank=None, **USUAL),
        shape=(None, 6, 6, 2), loss="mse",
    ),
    "gated": sequential(EMBEDDED, GATED, layer("Dense", "d", units=1, activation="linear"), shape=(None, 2), loss="mse"),
    "memory": sequential(
        layer("LSTM", "l", unit_forget_bias=True, **STEPS), layer("Dense", "d", units=1, activation="linear"),
        shape=(None, 2, 2), loss="mse",
    ),
    "both ways": sequential(
        layer("Bidirectional", "b", merge_mode="concat", layer=GATED), layer("Dense", "d", units=1), shape=(None, 2, 2), loss="mse"
    ),
}  # fmt: skip


def read(text: str) -> Any:
    """What is read of a description, or why it is refused."""
    try:
        net = sb.from_keras(text)
    except sb.NotationError as fault:
        return str(fault)
    return net.program, net.notes


@pytest.mark.parametrize("name", [n if n == "memory" else pytest.param(n, marks=pytest.mark.slow) for n in MODELS])
def test_no_setting_is_passed_over(name: str) -> None:
    usual = read(MODELS[name])
    assert not isinstance(usual, str), usual
    weightless = ("MaxPooling2D", "Flatten")
    for k, one in enumerate(json.loads(MODELS[name])["config"]["layers"][1:], 1):
        for inner in (False, True) if "layer" in one["config"] else (False,):
            for setting, new in OTHER.items():
                changed = json.loads(MODELS[name])
                config = changed["config"]["layers"][k]["config"]
                config = config["layer"]["config"] if inner else config
                about_nothing = new is None or (setting == "trainable" and one["class_name"] in weightless)
                if setting in config and not about_nothing:
                    config[setting] = new
                    assert read(json.dumps(changed)) != usual, (one["class_name"], setting)
