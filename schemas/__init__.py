"""WHAT a row is: every column of every table, defined once.

`column` holds the vocabulary (Column, Table, checks), `tables` one file a table, `render` turns
them into documentation and DDL, `evolution` numbers the schema. Standard library and pyarrow only.
"""
