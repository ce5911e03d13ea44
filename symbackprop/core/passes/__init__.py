"""Programs into programs with the same outputs: smaller, in stable spellings, without what a condition leaves out."""
