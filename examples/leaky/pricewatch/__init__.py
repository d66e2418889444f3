"""The price watcher with the leaks that people really write: `# leak:` marks each line that acquires one.

A code names the rule that `memlint check` reports there; `# caught in` names the tests that
`pytest --memguard` fails for it. The twin in `../fixed` is the same program without them.
"""
