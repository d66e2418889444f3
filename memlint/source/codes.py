"""The two codes that no rule bears."""

from __future__ import annotations

UNPARSABLE = "MEM000"
"""A file that could not be analysed; found before any rule runs."""
UNPARSABLE_NAME = "unparsable-file"
UNPARSABLE_SUMMARY = "A file could not be parsed, so nothing is known about it."

UNUSED = "MEM001"
"""A comment that silences nothing."""
UNUSED_NAME = "unused-suppression"
UNUSED_SUMMARY = "A `# noqa` comment names a rule that has nothing to say there."
