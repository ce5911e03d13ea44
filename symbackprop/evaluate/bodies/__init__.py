"""The equations of a program as operations on arrays, written once and run at every point."""
