"""Left sides: what a claim claims to be."""
