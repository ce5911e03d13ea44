"""Pictures as SVG: the computational graph, its layout, curves."""
