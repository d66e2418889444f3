"""One module a format: how findings are printed."""
