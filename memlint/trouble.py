"""What ends a command with one line for the user instead of a traceback."""

from __future__ import annotations


class Trouble(Exception):
    """Something that the user has to mend; its text is one line that names the thing, the place and the cure."""
