"""Mathematics on paper, of whatever is written: symbols, LaTeX read, MathML, plain text and outlines written."""
