"""What a reader of claims says where it does not understand: the fault inside, the place once, at the edge."""

from __future__ import annotations

from symbackprop.formulas.told import Said, Told, told
from symbackprop.notation.errors import NotationError, Place


class NotUnderstood(NotationError):
    """A claim that was not fully resolved: never answered. The message names the place, the fault and the mend.

    unknown   the letter that stands nowhere, where that is the fault.
    """

    unknown: str = ""

    @property
    def told(self) -> Told:
        """The message, its sentences as catalogues find them again."""
        said = told("{} {}", Said(self.fault), Said(self.mend)) if self.mend else told("{}", Said(self.fault))
        placed = told("{}: {}", str(self.place), said) if self.place else said
        drawn = self.place.drawn() if self.place else ""
        return told("{}\n{}", placed, drawn) if drawn else placed


class DoesNotFit(NotUnderstood):
    """A claim that was read and has no value: the shapes in it fit in no way of reading it."""


class Fault(Exception):
    """A fault at a character of the claim, before the place is written out.

    fault   what is wrong.
    mend    what to write instead.
    at      the character, from 0; None: the whole claim.
    key     the name that stands nowhere, without scripts that are indices; "" where that is not the fault.
    """

    key = ""

    def __init__(self, fault: str, mend: str = "", at: int | None = None) -> None:
        super().__init__(fault)
        self.fault, self.mend, self.at = fault, mend, at


class Unknown(Fault):
    """A letter that stands nowhere, which may be guessed."""

    def __init__(self, key: str, fault: str, mend: str, at: int | None) -> None:
        super().__init__(fault, mend, at)
        self.key = key


class Unfit(Fault):
    """Shapes that fit in no way: there is no other way to read what stands there."""


class Unranged(Fault):
    """An index whose range has not been found (yet)."""


def placed(text: str, error: Fault, file: str = "<claim>", kind: type[NotationError] | None = None) -> NotationError:
    """The error with its line, column and caret; of a claim where no kind is given."""
    kind = kind or (DoesNotFit if isinstance(error, Unfit) else NotUnderstood)
    lines = text.split("\n")
    at = min(error.at or 0, len(text))
    number = text.count("\n", 0, at)
    column = at - (text.rfind("\n", 0, at) + 1)
    place = Place(file, number + 1, column + 1, 1, lines[number])
    found = kind(error.fault, error.mend, place if error.at is not None else Place(file))
    if isinstance(found, NotUnderstood):
        found.unknown = error.key
    return found
