"""The door to pytest: `--memguard` watches each test; without the flag nothing is imported or hooked."""
