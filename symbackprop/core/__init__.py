"""What is true of equations: the program, its operations as rows, guards, letters, the chain rule, errors."""
