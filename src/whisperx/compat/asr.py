"""WhisperX's recognizer: `load_model(...).transcribe(audio)`, and callable pipelines."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from whisperx.asr.options import DecodingOptions, Task
from whisperx.audio.decode import decode
from whisperx.engine.engine import Engine
from whisperx.errors import OptionError
from whisperx.vad.detector import VadMethod, VadOptions
from whisperx.writers.json_file import as_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from whisperx.audio.container import Encoded

    Sound = Encoded | NDArray[np.float32]

_VAD_NAMES = ("chunk_size", "vad_onset", "vad_offset")


class Model:
    """A loaded recognizer with WhisperX's methods; calling it is `transcribe`.

    It may be loaded in one thread and used in others.

    Attributes:
        engine: What computes.
        options: How to decode where `transcribe` is not told otherwise.
        vad: How to cut where `transcribe` is not told otherwise.
    """

    def __init__(self, engine: Engine, options: DecodingOptions, vad: VadOptions) -> None:
        self.engine = engine
        self.options = options
        self.vad = vad

    def __call__(
        self,
        audio: Sound,
        *,
        batch_size: int | None = None,
        language: str | None = None,
        task: Task | None = None,
    ) -> dict[str, object]:
        """See `transcribe`."""
        return self.transcribe(audio, batch_size, language=language, task=task)

    def transcribe(
        self,
        audio: Sound,
        batch_size: int | None = None,
        *,
        language: str | None = None,
        task: Task | None = None,
        chunk_size: float | None = None,
        print_progress: bool = False,
        progress_callback: Callable[[float], None] | None = None,
    ) -> dict[str, object]:
        """The transcript of one recording.

        Args:
            audio: A file, the bytes of one, or `(n,)` float32 samples at 16 kHz.
            batch_size: The most chunks that are decoded at a time.
            language: Code of the language spoken; detected if not given here or at loading.
            task: `transcribe` or `translate`.
            chunk_size: The longest chunk (seconds).
            print_progress: Print `Progress: 12.34%...` lines.
            progress_callback: Is told the percentage that is recognized, up to 100.

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
        vad = self.vad if chunk_size is None else replace(self.vad, chunk_size=float(chunk_size))
        pipeline = self.engine.pipeline(options, vad)
        if batch_size is not None:
            pipeline = replace(pipeline, plan=replace(pipeline.plan, batch_size=batch_size))

        def tell(recording: int, stage: str, done: float, total: float) -> None:
            if stage != "asr":
                return
            percent = 100 * done / total if total else 100.0
            if print_progress:
                sys.stdout.write(f"Progress: {percent:.2f}%...\n")
            if progress_callback is not None:
                progress_callback(percent)

        # WhisperX's result does not name the model.
        return as_dict(replace(pipeline(decode(audio), tell), model=None))

    def detect_language(self, audio: Sound) -> str:
        """Code of the language spoken in the first 30 s."""
        self.engine.plan.activate()
        return self.engine.recognizer.detect_language(decode(audio))[0]


def load_model(  # noqa: PLR0913 - WhisperX's signature
    whisper_arch: str,
    device: str = "auto",
    device_index: int = 0,
    compute_type: str = "default",
    *,
    language: str | None = None,
    vad_method: VadMethod = "silero",
    vad_options: Mapping[str, float] | None = None,
    task: Task = "transcribe",
    download_root: str | None = None,
    local_files_only: bool = False,
) -> Model:
    """Load a Whisper model.

    Args:
        whisper_arch: A short name, a folder, or `owner/name` on the hub.
        device: `auto`, `cpu`, or one of the words for the GPU.
        device_index: Which GPU.
        compute_type: `default`, `float16`, `bfloat16`, `float32` or `int8`.
        language: Code of the language spoken; detected for each recording if None.
        vad_method: What finds speech.
        vad_options: `chunk_size`, `vad_onset` and `vad_offset`, each with its default if missing.
        task: `transcribe` or `translate`.
        download_root: Where downloads are kept.
        local_files_only: Never touch the network.

    Raises:
        OptionError: if an option makes no sense.
        ModelError: if the model cannot be had or loaded.
    """
    vad = _vad_options(vad_method, vad_options or {})
    options = DecodingOptions(task=task, language=language)
    engine = Engine(
        whisper_arch,
        device=f"{device}:{device_index}" if device_index else device,
        compute_type=compute_type,
        cache=Path(download_root) if download_root else None,
        local_only=local_files_only,
    )
    engine.pipeline(options, vad)  # refuses what this model cannot do now rather than later
    return Model(engine, options, vad)


def load_pipeline(
    model: str,
    device: str = "auto",
    compute_type: str = "default",
    *,
    language: str | None = None,
    vad_filter: bool = True,
    task: Task = "transcribe",
) -> Model:
    """A callable from a recording to WhisperX's result; `load_model` under a plainer name.

    Args:
        model: A short name, a folder, or `owner/name` on the hub.
        device: `auto`, `cpu`, `mlx`, or one of the words for the GPU.
        compute_type: `default`, `float16`, `bfloat16`, `float32` or `int8`.
        language: Code of the language spoken; detected for each recording if None.
        vad_filter: Look for speech first; without it fixed windows cover everything.
        task: `transcribe` or `translate`.

    Raises:
        OptionError: if an option makes no sense.
        ModelError: if the model cannot be had or loaded.
    """
    return load_model(
        model,
        device,
        compute_type=compute_type,
        language=language,
        vad_method="silero" if vad_filter else "none",
        task=task,
    )


def load_mlx_pipeline(
    model_path: str,
    *,
    vad_filter: bool = True,
    compute_type: str = "default",
    language: str | None = None,
    task: Task = "transcribe",
) -> Model:
    """As `load_pipeline`, on MLX's default device.

    Args:
        model_path: A short name, a folder, or `owner/name` on the hub.
        vad_filter: As in `load_pipeline`.
        compute_type: As in `load_pipeline`.
        language: As in `load_pipeline`.
        task: As in `load_pipeline`.

    Raises:
        OptionError: if an option makes no sense.
        ModelError: if the model cannot be had or loaded.
    """
    return load_pipeline(
        model_path, "mlx", compute_type, language=language, vad_filter=vad_filter, task=task
    )


def _vad_options(method: VadMethod, given: Mapping[str, float]) -> VadOptions:
    unknown = sorted(set(given) - set(_VAD_NAMES))
    if unknown:
        known = ", ".join(_VAD_NAMES)
        msg = f"There is no VAD option {', '.join(unknown)}; known: {known}."
        raise OptionError(msg)
    default = VadOptions()
    return VadOptions(
        method,
        float(given.get("vad_onset", default.onset)),
        float(given["vad_offset"]) if "vad_offset" in given else None,
        float(given.get("chunk_size", default.chunk_size)),
    )
