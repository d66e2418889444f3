"""What is known of libraries, as data: model, loader, finder and the TOML files."""
