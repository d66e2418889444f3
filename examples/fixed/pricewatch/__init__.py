"""A small price watcher: it reads feeds over HTTP, keeps quotes in SQLite, exports and announces them."""
