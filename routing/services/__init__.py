"""Writes of the configuration: one transaction each, and the reasons why not."""
