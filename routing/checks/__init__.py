"""Findings about resources that each parse, but do not make sense together.

`check` is about what would be in force in a running mesh, `analysis` about files by themselves.
"""
