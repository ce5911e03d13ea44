"""What a report prints, computed anew from the printed tree and held against the program."""
