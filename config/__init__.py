"""HOW MUCH: typed settings. `default.toml` names every key; `settings` types them and loads them."""
