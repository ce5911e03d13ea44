"""A report is a document of blocks; a format writes its blocks."""
