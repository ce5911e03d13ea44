"""Loops of a text: their headers, the numbers that entries are counted by, and two readings of the same block.

`steps` keeps a loop: a block is read once, with stand-ins for what differs from step to step, and lifted to whole tensors. `copies`
writes the block out for every step of a number; each reading is a witness of the other.
"""
