"""The machine that all of it runs on: files, the folders of a user, memory, and how far work is."""
