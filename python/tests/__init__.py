"""Tests of the SDK: `python -m unittest discover -s python`."""
