"""PyTorch's modules: their graph as torch.export writes it before it takes operations apart, and a table of those operations.

graph      a module and its loss as a graph, as data
exported   the graph of a module as torch.export writes it: the only place that asks torch for anything but numbers
drawn, masks   what the module draws at random, and the places where masks are true, as inputs of the graph
tasks      the module together with its loss; losses by name
rows       what each operation is in the language: the table, and its parts in calls, shapes, layers, recurrent, losses
packed     views that are not written down: axes taken together or apart
reading    from the graph to a network, and the numbers of a network back into a module
"""
