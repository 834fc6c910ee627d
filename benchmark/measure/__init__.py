"""Measuring: models whose stored results are out of date are searched, fitted, evaluated and stored."""
