"""`python -m whisperx` is the `whisperx` command."""

from __future__ import annotations

import sys

from whisperx.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
