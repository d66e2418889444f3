"""One rule, one module; ``RULES`` says what is what."""

from __future__ import annotations
