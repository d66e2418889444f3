"""pytest_memguard finds leaks while tests run, and holds the runtime utilities that it watches.

Importing this package imports neither pytest nor any third-party library.  PYTEST_DONT_REWRITE
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .guard import LeakError, Watch, watch

__version__ = "0.1.0"
__all__ = ["LeakError", "Watch", "__version__", "watch"]


def __getattr__(name: str) -> Any:
    """Load the guard when somebody asks for it: production code that imports the runtime never does."""
    if name in __all__:
        from . import guard

        return getattr(guard, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
