"""The one place where MLX is imported; everything else says `from whisperx._mlx import mx, nn`.

On Linux a real BLAS is put in place first (see `_blas`), which works only before MLX is loaded.
If MLX cannot be imported, the error says in one sentence why and what to do.
"""

from __future__ import annotations

import os

from whisperx import _blas

_blas.prepare()
# MLX multiplies float32 in fewer bits (TF32) on GPUs that can; Silero's probabilities were up to
# 0.003 off by it on an H200, and 2e-6 without. Who wants speed computes in float16.
os.environ.setdefault("MLX_ENABLE_TF32", "0")

try:
    import mlx.core as mx
    import mlx.nn as nn
except (ImportError, OSError) as error:
    from whisperx._machine import inspect_machine
    from whisperx._platform import explain
    from whisperx.errors import PlatformError

    raise PlatformError(explain(error, inspect_machine())) from error

__all__ = ["mx", "nn"]
