"""Stage 2, what is said: one decoding loop. WhisperX's names for it are handed on lazily."""

from __future__ import annotations

from whisperx._lazy import attach
from whisperx._platform import check_installation

check_installation()

__getattr__, __dir__ = attach(__name__, {"load_model": "whisperx.compat.asr"})
