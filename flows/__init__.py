"""WHEN and WHERE: the stages in order, where they run, how they are watched and scheduled."""
