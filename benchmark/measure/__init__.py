"""Measuring: what is not current is searched, fitted, evaluated, and put in its place."""
