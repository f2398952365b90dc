"""From committed rows to a verdict: which slices form a volume, and why the others do not."""
