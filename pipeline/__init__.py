"""WHAT IS DONE: plain functions, values in, values out. No Prefect, no Dask.

Each room imports only those that stand before it here: `errors`, `discovery`, `headers`,
`pixels`, `tables`, `series`, `volumes`, `export`, `lake`.
"""
