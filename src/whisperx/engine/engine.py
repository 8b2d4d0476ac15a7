"""Engine: loaded models that pipelines are made from; what every front door talks to."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from whisperx.asr.options import DecodingOptions
from whisperx.asr.recognizer import load_recognizer
from whisperx.device import choose
from whisperx.errors import HubUnreachableError
from whisperx.pipeline import Pipeline
from whisperx.vad.detector import VadOptions, load_detector
from whisperx.weights import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from whisperx.asr.recognizer import Recognizer
    from whisperx.device import ComputePlan
    from whisperx.vad.detector import SpeechDetector, VadMethod

_LOG = logging.getLogger("whisperx.engine")


class Engine:
    """Loaded models on one device. It owns them: drop it and their memory is free.

    Attributes:
        plan: Device, precision and batch size.
        recognizer: The Whisper model.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        device: str = "auto",
        compute_type: str = "default",
        batch_size: int | None = None,
        cache: Path | None = None,
        local_only: bool = False,
    ) -> None:
        """Load a model.

        Args:
            model: A short name, a folder, or `owner/name` on the hub. None takes the default
                model, or the one in this package, with a warning, where no hub can be reached.
            device: `auto`, `cpu`, or one of the words for the GPU.
            compute_type: `default`, `float16`, `bfloat16`, `float32` or `int8`.
            batch_size: The most windows that are decoded at a time; None chooses.
            cache: Where downloads are kept; None is the hub's own cache.
            local_only: Never touch the network.

        Raises:
            OptionError: if the device or the precision cannot be had.
            ModelError: if the model cannot be had or loaded.
        """
        self.plan: ComputePlan = choose(device, compute_type, batch_size=batch_size)
        self.plan.activate()
        self._detectors: dict[VadMethod, SpeechDetector | None] = {}
        self.recognizer: Recognizer = _load(model, self.plan, cache, local_only=local_only)

    def pipeline(
        self, options: DecodingOptions | None = None, vad: VadOptions | None = None
    ) -> Pipeline:
        """A callable that turns recordings into transcripts.

        Args:
            options: How to decode.
            vad: How to cut recordings into chunks.

        Raises:
            OptionError: if the model cannot do what the options ask.
            ModelError: if a detector cannot be loaded.
        """
        options = options or DecodingOptions()
        vad = vad or VadOptions()
        self.recognizer.check(options)
        detector = None if vad.given is not None else self._detector(vad.method)
        return Pipeline(self.plan, self.recognizer, detector, options, vad)

    def _detector(self, method: VadMethod) -> SpeechDetector | None:
        """Each detector is loaded once, when first needed."""
        if method not in self._detectors:
            self._detectors[method] = load_detector(method)
        return self._detectors[method]


def _load(
    model: str | None, plan: ComputePlan, cache: Path | None, *, local_only: bool
) -> Recognizer:
    if model is not None:
        return load_recognizer(model, plan, cache=cache, local_only=local_only)
    try:
        return load_recognizer(catalog.DEFAULT, plan, cache=cache, local_only=local_only)
    except HubUnreachableError:
        _LOG.warning(
            "The default model %r is not on this machine and the hub cannot be reached; using "
            "%r from this package, a small English model that makes many mistakes.",
            catalog.DEFAULT,
            catalog.BUNDLED,
        )
        return load_recognizer(catalog.BUNDLED, plan)
