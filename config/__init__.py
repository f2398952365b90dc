"""HOW MUCH: typed settings. `default.toml` names every key; `settings` types and loads them."""
