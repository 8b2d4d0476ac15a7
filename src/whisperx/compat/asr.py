"""WhisperX's recognizer: `load_model(...).transcribe(audio)`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from whisperx.asr.options import DecodingOptions, Task
from whisperx.audio.decode import decode
from whisperx.engine.engine import Engine
from whisperx.writers.json_file import as_dict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Model:
    """A loaded recognizer with WhisperX's methods.

    Attributes:
        engine: What computes.
        options: How `transcribe` decodes where it is not told otherwise.
    """

    def __init__(self, engine: Engine, options: DecodingOptions) -> None:
        self.engine = engine
        self.options = options

    def transcribe(
        self,
        audio: str | Path | NDArray[np.float32],
        batch_size: int | None = None,
        language: str | None = None,
        task: Task | None = None,
    ) -> dict[str, object]:
        """The transcript of one recording.

        Args:
            audio: A file, or `(n,)` float32 samples at 16 kHz.
            batch_size: The most windows that are decoded at a time.
            language: Code of the language spoken; detected if not given here or at loading.
            task: `transcribe` or `translate`.

        Returns:
            `{"segments": [{"text", "start", "end", "avg_logprob"}], "language": code}`.

        Raises:
            AudioError: if the recording cannot be read.
            OptionError: if the model cannot do what is asked.
        """
        options = replace(
            self.options,
            language=language or self.options.language,
            task=task or self.options.task,
        )
        pipeline = self.engine.pipeline(options)
        if batch_size is not None:
            pipeline = replace(pipeline, batch_size=batch_size)
        return as_dict(replace(pipeline(decode(audio)), model=None))

    def detect_language(self, audio: NDArray[np.float32]) -> str:
        """Code of the language spoken in the first 30 s of `audio` `(n,)` at 16 kHz."""
        return self.engine.recognizer.detect_language(decode(audio))[0]


def load_model(
    whisper_arch: str,
    device: str = "auto",
    compute_type: str = "default",
    language: str | None = None,
    task: Task = "transcribe",
    download_root: str | None = None,
    local_files_only: bool = False,  # noqa: FBT001, FBT002 - WhisperX's signature
) -> Model:
    """Load a Whisper model.

    Args:
        whisper_arch: A short name, a folder, or `owner/name` on the hub.
        device: `auto`, `cpu`, or one of the words for the GPU.
        compute_type: `default`, `float16`, `bfloat16`, `float32` or `int8`.
        language: Code of the language spoken; detected for each recording if None.
        task: `transcribe` or `translate`.
        download_root: Where downloads are kept.
        local_files_only: Never touch the network.

    Raises:
        OptionError: if an option makes no sense.
        ModelError: if the model cannot be had or loaded.
    """
    engine = Engine(
        whisper_arch,
        device=device,
        compute_type=compute_type,
        cache=Path(download_root) if download_root else None,
        local_only=local_files_only,
    )
    options = DecodingOptions(task=task, language=language)
    engine.recognizer.check(options)
    return Model(engine, options)
