"""``python -m memlint.cli`` is the ``memlint`` command."""

import sys

from memlint.cli import main

sys.exit(main())
