"""What it costs to read a text grows with its length, not with the square of it."""

import sys

from symbackprop.notation import read


def layers(count: int) -> str:
    lines = [f"W{k}: parameter[h, h]\nb{k}: parameter[h]\na{k + 1} = tanh(W{k} @ a{k} + b{k})" for k in range(count)]
    return "\n".join(["a0: data[h]", *lines, f"L = sum(a{count}**2)"])


def calls(text: str) -> int:
    """How many functions are called while a text is read, those of Python's own in C as well."""
    made = 0

    def counting(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        read(text)
    finally:
        sys.setprofile(before)
    return made


def test_a_text_of_twice_as_many_lines_is_read_by_twice_as_many_calls() -> None:
    read(layers(40))  # what is worked out once is
    few, many = (calls(layers(count)) for count in (20, 40))
    assert few > 2000
    assert many < 2.2 * few
