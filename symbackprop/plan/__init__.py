"""A program at fixed sizes becomes a plan: a graph of values, then layouts, buffers and statements. No text is written here."""
