"""What the page itself says, in the languages that it is not written in: its English labels with their translations."""

from __future__ import annotations

from symbackprop.documents.languages import LANGUAGES, PAGE


def labels() -> dict[str, dict[str, str]]:
    """Language -> English label -> its translation, from the catalogues of reports."""
    return {code: dict(row.sections[PAGE]) for code, row in LANGUAGES.items() if PAGE in row.sections}
