import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.training.errors import TrainingError
from symbackprop.training.safetensors import DTYPES, dump, parse
from symbackprop.training.storage import read_arrays

HEADER = {"W": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}


def content(header: object, entries: bytes = bytes(16)) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + entries


def test_the_bytes_are_those_of_the_format() -> None:
    written = dump({"W": np.arange(4, dtype=np.float32).reshape(2, 2).T})
    length = int.from_bytes(written[:8], "little")
    assert length % 8 == 0
    assert json.loads(written[8 : 8 + length]) == HEADER
    assert np.frombuffer(written[8 + length :], "<f4").tolist() == [0, 2, 1, 3]


@pytest.mark.parametrize("code", DTYPES)
def test_every_type_of_number_returns(code: str) -> None:
    array = np.array([[0, 1, 1]], DTYPES[code])
    again = parse(dump({"a": array}))["a"]
    assert again.dtype == array.dtype
    assert np.array_equal(again, array)


def test_big_endian_numbers_return_as_the_same_numbers() -> None:
    assert parse(dump({"a": np.array([1.5, 2.0], ">f8")}))["a"].tolist() == [1.5, 2.0]


def test_metadata_are_no_array() -> None:
    assert parse(content(HEADER | {"__metadata__": {"format": "pt"}})).keys() == {"W"}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"", "the header does not end within the file"),
        ((10**6).to_bytes(8, "little") + b"{}", "the header does not end within the file"),
        (content([1, 2]), "the header is no JSON object"),
        (content({"W": 3}), "W has no dtype, shape and offsets"),
        (content({"W": HEADER["W"] | {"dtype": "BF16"}}), "W holds BF16, which NumPy does not have"),
        (content({"W": HEADER["W"] | {"shape": [2, -2]}}), "W has a shape that is none"),
        (
            content({"W": HEADER["W"] | {"shape": [2, 3]}}),
            "W has 16 bytes, which are not the entries of its shape (2, 3)",
        ),
        (content(HEADER, bytes(8)), "W has 16 bytes"),
        (content({"W": HEADER["W"] | {"data_offsets": [-16, 0]}}), "W has no dtype, shape and offsets"),
        (content({"W": HEADER["W"] | {"data_offsets": [False, 16]}}), "W has no dtype, shape and offsets"),
        (content({"W": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, bytes(4)), "W has a shape that is none"),
        (content({"W": {"dtype": "F32", "shape": [1] * 65, "data_offsets": [0, 4]}}, bytes(4)), "W has a shape that is none"),
        (content(HEADER | {"b": HEADER["W"]}), "the bytes of b overlap those of W"),
        (content({"W": HEADER["W"] | {"data_offsets": [8, 24]}}, bytes(24)), "8 bytes between the header and W belong to no array"),
        (content(HEADER, bytes(20)), "4 bytes after W belong to no array"),
    ],
)
def test_what_is_not_of_the_format_is_refused(tmp_path: Path, bad: bytes, words: str) -> None:
    (tmp_path / "a.safetensors").write_bytes(bad)
    with pytest.raises(TrainingError) as refused:
        read_arrays(tmp_path / "a.safetensors")
    assert "this is not a .safetensors file" in str(refused.value)
    assert words in str(refused.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    for bad in (junk, len(junk).to_bytes(8, "little") + junk):
        try:
            parse(bad)
        except ValueError:
            continue
