"""The page of benchmarks is what the figures that were kept say; nothing is timed here."""

import json

from page import RESULTS, ROOT, written


def test_the_page_and_its_pictures_are_written_from_the_figures() -> None:
    for path, text in written(json.loads(RESULTS.read_text(encoding="utf-8"))).items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path}: run python benchmarks/page.py"
