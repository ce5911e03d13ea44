"""Programs as source code of other libraries: one module for each."""
