"""Accepted volumes in the formats of other tools."""
