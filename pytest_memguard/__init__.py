"""pytest_memguard finds leaks while tests run, and holds the runtime utilities that it watches.

Importing this package imports neither pytest nor any third-party library.  PYTEST_DONT_REWRITE
"""

__version__ = "0.1.0"
