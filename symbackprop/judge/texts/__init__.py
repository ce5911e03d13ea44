"""Claims as they come, in files, LaTeX, typing and code, as steps."""
