"""A claim by itself: its verdict, how it differs, and which mistake makes it so."""
