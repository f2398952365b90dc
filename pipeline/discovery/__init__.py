"""From folders to files: sources, the crawl, what kind a file is, what changed since last time."""
