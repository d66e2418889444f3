"""A run under `--memguard`: pytest's hooks become turns of the guard, and findings become reports."""
