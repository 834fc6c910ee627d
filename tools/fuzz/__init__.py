"""`make fuzz`: mutated files for every reader of bytes from outside; see `__main__`."""
