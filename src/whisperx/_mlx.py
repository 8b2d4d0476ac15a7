"""The one place where MLX is imported; everything else says `from whisperx._mlx import mx, nn`.

On Linux a real BLAS is put in place first (see `_blas`), which works only before MLX is loaded.
If MLX cannot be imported, the error says in one sentence why and what to do.
"""

from __future__ import annotations

from whisperx import _blas

_blas.prepare()

try:
    import mlx.core as mx
    import mlx.nn as nn
except (ImportError, OSError) as error:
    from whisperx._machine import inspect_machine
    from whisperx._platform import explain
    from whisperx.errors import PlatformError

    raise PlatformError(explain(error, inspect_machine())) from error

__all__ = ["mx", "nn"]
