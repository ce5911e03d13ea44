"""A plan as C99, and what runs it in this process."""
