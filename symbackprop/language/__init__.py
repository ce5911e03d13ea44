"""Every function that a network may use: the operations, the layers, the losses. `__all__` lists them."""

from symbackprop.language import derivatives, gated, layers, losses, operations

UNITS = (operations, derivatives, layers, gated, losses)  # where two units share a name, the first means it

for _unit in reversed(UNITS):
    globals().update({name: getattr(_unit, name) for name in _unit.__all__})

__all__ = [*dict.fromkeys(name for unit in UNITS for name in unit.__all__)]
