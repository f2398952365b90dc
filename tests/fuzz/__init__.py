"""Parsers of bytes from outside, as targets of a fuzzer; `make fuzz` runs them under atheris."""
