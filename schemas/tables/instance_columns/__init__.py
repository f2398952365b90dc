"""The columns of `instances` that are copied from attributes, by information entity."""
