"""memlint finds resource and memory leaks before the code runs.

The package is a static analysis: it follows every acquired resource along the paths of a function until
it is released, handed to another owner, or lost.  PYTEST_DONT_REWRITE
"""

__version__ = "0.1.0"
