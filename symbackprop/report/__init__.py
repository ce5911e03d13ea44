"""Reports: a derivation as a document, and the document as HTML, Markdown, LaTeX and text."""
