"""What is alive now: one module a kind, each with its cost."""
