"""What every refusal of this project is an instance of."""


class SymbackpropError(ValueError):
    """Something that a person asked for or wrote does not stand; the message names the place, the fault and the mend."""
