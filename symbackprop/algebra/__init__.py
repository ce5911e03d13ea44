"""The same value, written shorter: polynomials in index letters, factored by the cost of what is printed, lifted to matrices."""
