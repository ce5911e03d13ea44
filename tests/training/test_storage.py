import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from symbackprop.core.machine.files import FileError
from symbackprop.training.errors import TrainingError
from symbackprop.training.storage import LONGEST_COMMENT, SUFFIXES, read_arrays, read_told, write_arrays

CUT_SHORT = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (99,), }" + b" " * 58 + b"\n"
NAMES = st.sampled_from(["W_1", "b", "file", "arr_0", "self", "theta", "ñ"])
ARRAYS = hnp.arrays(st.sampled_from([np.float32, np.float64, np.int64]), hnp.array_shapes(min_dims=0, max_side=3))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
@given(st.dictionaries(NAMES, ARRAYS, min_size=1))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, suffix: str, arrays: dict) -> None:
    path = tmp_path_factory.mktemp("saved") / f"saved{suffix}"
    write_arrays(path, arrays)
    again = read_arrays(path)
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype
        assert np.array_equal(again[name], array, equal_nan=True)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_numpy_reads_it_too(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.npz", {"W": np.arange(6.0).reshape(2, 3)})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert archive["W"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_told_beside_the_arrays_is_read_again(tmp_path: Path, suffix: str) -> None:
    path, told = tmp_path / f"a{suffix}", {"columns": {"X": ["größe", "b"]}}
    write_arrays(path, {"W": np.ones(3)}, told)
    assert read_told(path) == told
    assert read_arrays(path)["W"].tolist() == [1, 1, 1]
    write_arrays(path, {"W": np.ones(3)})
    assert read_told(path) == {}
    path.write_bytes(b"PK no archive")
    assert read_told(path) == read_told(tmp_path / f"none{suffix}") == {}


def test_more_than_an_archive_can_tell_is_left_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    write_arrays(tmp_path / "a.npz", {"W": np.ones(3)}, {"columns": rng.bytes(2 * LONGEST_COMMENT).hex()})
    assert read_told(tmp_path / "a.npz") == {}
    assert read_arrays(tmp_path / "a.npz").keys() == {"W"}


def test_a_pickled_object_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.array([{}], dtype=object))
    with pytest.raises(TrainingError, match=r"a.npz: X is a pickled object, which could run code; save it as an array of numbers"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("bad", [np.array(["a"]), np.array([1j]), np.array(["2020-01-01"], dtype="datetime64[D]")])
def test_what_is_no_number_is_refused(tmp_path: Path, bad: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", X=bad)
    with pytest.raises(TrainingError, match=r"a.npz: X holds .*, not real numbers"):
        read_arrays(tmp_path / "a.npz")


def damaged(file: io.BytesIO, name: str, content: bytes) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "this is not an .npz file"),
        (b"X, Y\n1, 2\n", "this is not an .npz file"),
        (b"PK\3\4" + bytes(200), "the file is damaged: its end is missing; write the file again"),
        (("X.npy", CUT_SHORT), "X is damaged"),
        (("X.txt", b"hello"), "X.txt is not an array"),
        (("X.npy", b"\x93NUMPY\x01\x00\x05\x00((((("), "X is damaged"),
        (("X.npy", b"\x93NUMPY\x01\x00\x09\x00[1][0]{}\n"), "X is damaged"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes | tuple, words: str) -> None:
    file = io.BytesIO()
    if isinstance(content, tuple):
        damaged(file, *content)
    else:
        file.write(content)
    (tmp_path / "a.npz").write_bytes(file.getvalue())
    with pytest.raises(TrainingError) as refused:
        read_arrays(tmp_path / "a.npz")
    assert words in str(refused.value)


def test_a_file_that_is_not_there_or_has_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"none.npz: cannot be read: No such file"):
        read_arrays(tmp_path / "none.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(TrainingError, match=r"cannot be read: Is a directory"):
        read_arrays(tmp_path / "folder.npz")
    with pytest.raises(TrainingError, match=r"a.csv: arrays are kept in .npz or .safetensors files$"):
        write_arrays(tmp_path / "a.csv", {})
    with pytest.raises(FileError, match=r"there is no folder .*missing; make it first"):
        write_arrays(tmp_path / "missing" / "a.npz", {})
