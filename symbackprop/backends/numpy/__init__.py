"""Programs as NumPy source of any sizes, for a reader, and plans as NumPy calls of fixed ones."""
