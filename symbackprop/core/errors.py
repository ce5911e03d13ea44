"""What every refusal of this project is an instance of."""

from collections.abc import Callable


def shown(value: object, longest: int = 60) -> str:
    """A value of a person as Python writes it, in a few characters; its type, where it is too long even to be written."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a number of ten thousand digits, an object whose repr fails
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}..."


class SymbackpropError(ValueError):
    """Something that a person asked for or wrote does not stand; the message names the place, the fault and the mend."""

    def said(self, again: Callable[[str], str]) -> str:
        """The message with what is said in it said again, as in another language."""
        return again(str(self))
