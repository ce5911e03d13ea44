"""The rules of the witnesses, written by hand: they share none with the chain rule."""
