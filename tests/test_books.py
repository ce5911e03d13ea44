"""The box of each network that books print the gradients of: every gradient has a line, about as long as the book's, and both are equal."""

import pytest

import symbackprop as sb
from benchmarks.bench_readability import ALL as LISTS
from benchmarks.bench_readability import cost
from benchmarks.book import Book

ALL = {name: row for rows in LISTS for name, row in rows.items()}
LONGEST = 1.3  # of the book's tokens
UNREAD = {"tr(X^4)", "layer norm"}  # the judge reads (X^3)^T and mean(.) u otherwise than the book means them


@pytest.mark.slow
@pytest.mark.parametrize(("name", "book"), ALL.items(), ids=ALL)
def test_a_gradient_reads_as_in_the_book(name: str, book: Book) -> None:
    tensors = sb.read(book.network).program.tensors
    wrt = [w for w, _ in book.lines if w in tensors]
    box = sb.derive(book.network, wrt=wrt).box()
    assert not box.missing
    ours = sum(cost(line.latex().split(" = ", 1)[1]) for line in box.lines)
    assert ours <= LONGEST * sum(cost(right) for _, right in book.lines), str(box)
    if name not in UNREAD:
        assert all(claim.right for claim in sb.verify(book.network, list(book.lines)).claims if claim.name in wrt)


def test_there_are_enough_books_and_none_is_there_twice() -> None:
    networks = [book.network for book in ALL.values()]
    assert len(set(networks)) == len(networks) == sum(map(len, LISTS)) >= 700
