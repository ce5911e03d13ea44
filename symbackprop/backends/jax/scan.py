"""A loop as `jax.lax.scan`: a function of one step, which takes what is carried and a part of each stack, and hands both on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from symbackprop.backends.numpy.loop import ItemWriter, Place, counted, places_of, read_by
from symbackprop.core.loops import For
from symbackprop.core.loops.turns import Turn, turn
from symbackprop.core.program import Carry, Equation


class ScanWriter(ItemWriter):
    """Writes the loops of one function."""

    def loop(self, loop: For, outside: set[str]) -> list[str]:
        """The lines of one loop; `outside` are the names that are read outside of it."""
        writer = self.writer
        one = turn(writer.setting.program, loop)
        kept = [name for name in one.members if name in outside]
        step = writer.names.fresh(f"step_{one.letter}")
        firsts = [writer.names.fresh(f"{writer.identifier[c.equation.target.name]}_first") for c in one.carries]
        with self.within(one) as counter:
            lines = [line for c, first in zip(one.carries, firsts, strict=True) for line in self.put(c.first, first)]
            inner = [counted(item, one) for item in one.items]
            body = self.items(inner, {one.members[name] for name in (*kept, *(c.source for c in one.carries))})
            ready = _tuple(writer.identifier[one.members[c.equation.target.name]] for c in one.carries)
            after = _tuple(writer.identifier[one.members[c.source]] for c in one.carries)
            made = _tuple(writer.identifier[one.members[name]] for name in kept)
            counts = bool(read_by(inner) & set(places_of(one))) or not one.slices
            given = _tuple([*([counter] if counts else []), *(writer.identifier[at] for at in one.slices)])
        stacks = [f"jnp.arange({writer.read_extent(loop.extent)})"] if counts else []
        stacks += [_moved(writer.identifier[name], axis, 0) for name, axis in one.slices.values()]
        results = [writer.identifier[name] for name in kept]
        back = ", reverse=True" if loop.step < 0 else ""
        return [
            *lines,
            f"def {step}(carried, given):",
            f"    {ready} = carried",
            f"    {given} = given",
            *(f"    {line}" for line in body),
            f"    return {after}, {made}",
            f"_, {_tuple(results)} = jax.lax.scan({step}, {_tuple(firsts)}, {_tuple(stacks)}{back})",
            *(f"{own} = {_moved(own, 0, loop.axes[name])}" for own, name in zip(results, kept, strict=True) if loop.axes[name]),
        ]

    @contextmanager
    def within(self, one: Turn) -> Iterator[str]:
        """The names of one turn, each a variable of its function; the one that counts the steps."""
        writer, taken = self.writer, set(self.writer.names.taken)
        counter = writer.names.fresh(one.letter)
        with self.turned(one, counter) as whole:
            for at, name in whole.items():
                writer.identifier[at] = writer.names.fresh(f"{writer.identifier[name]}_{counter}")
            yield counter
        writer.names.taken = taken  # the function's own names end with it

    def shift(self, equation: Equation, op: Carry) -> list[str]:
        """A Carry on no circle: the value, moved by one step."""
        writer, name, z = self.writer, equation.target.name, equation.operands[0]
        axis, begin = self.begun(equation, op)
        own = writer.names.fresh(f"{writer.identifier[name]}_first")
        rest = Place(writer.identifier[z.name], (":",) * len(equation.target.index)).at(axis, ":-1" if op.step > 0 else "1:").text
        parts = [f"jnp.expand_dims({own}, {axis})", rest][:: op.step]
        return [*self.put(begin, own), f"{writer.identifier[name]} = jnp.concatenate([{', '.join(parts)}], axis={axis})"]


def _tuple(names: Iterable[str]) -> str:
    """Names as a tuple, one alone with its comma."""
    found = tuple(names)
    return f"({', '.join(found)}{',' if len(found) == 1 else ''})"


def _moved(array: str, axis: int, to: int) -> str:
    """The array with an axis at another place."""
    return array if axis == to else f"jnp.moveaxis({array}, {axis}, {to})"
