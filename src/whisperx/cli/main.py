"""Entry point of `whisperx`: parse, then import the rest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from whisperx._platform import check_installation
from whisperx.cli.arguments import build_parser
from whisperx.errors import WhisperXError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAILED = 1
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Arguments without the program's name; None takes the process's own.

    Returns:
        0 if all went well, 1 if a file or the run failed, 130 if interrupted.

    Raises:
        SystemExit: 0 after `--help` and `--version`, 2 if the arguments make no sense.
    """
    options = build_parser().parse_args(argv)
    try:
        check_installation()
        # Only now: numpy, MLX and the rest cost a second that --help need not spend.
        from whisperx.cli.transcribe import run

        return run(options)
    except WhisperXError as error:
        sys.stderr.write(f"whisperx: error: {error}\n")
        return _FAILED
    except KeyboardInterrupt:
        sys.stderr.write("whisperx: interrupted; finished files are kept\n")
        return _INTERRUPTED
