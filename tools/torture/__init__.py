"""`make torture`: runs that are killed, or whose calls fail; see `__main__`."""
