"""What `make` and the workflows run, and no user imports."""
