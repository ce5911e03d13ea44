"""Networks from SymPy's expressions."""
