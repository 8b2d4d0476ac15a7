"""WhisperX on Apple's MLX: speech to text with word times and speakers, without PyTorch.

Importing this package imports nothing else; each public name is imported on first touch.
"""

from __future__ import annotations

from whisperx._lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__ = attach(
    __name__,
    {
        "Audio": "whisperx.types",
        "Segment": "whisperx.types",
        "Transcript": "whisperx.types",
        "Word": "whisperx.types",
        "Engine": "whisperx.engine.engine",
        "Pipeline": "whisperx.pipeline",
        "load_audio": "whisperx.audio.decode",
        "load_mlx_pipeline": "whisperx.compat.asr",
        "load_model": "whisperx.compat.asr",
        "load_pipeline": "whisperx.compat.asr",
    },
)
