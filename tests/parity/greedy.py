"""Decode the windows of the greedy comparison and hold the results against the recorded ones."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import windows

from whisperx._mlx import mx
from whisperx.asr.options import DecodingOptions
from whisperx.asr.recognizer import Recognizer, Window, load_recognizer
from whisperx.audio.decode import decode
from whisperx.device import ComputePlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whisperx.asr.options import DecodedChunk, DecodeRequest
    from whisperx.types import Audio

FIXTURE = Path(__file__).parent / "fixtures/whisper/greedy.json"
LOGPROB_TOLERANCE = 1e-3
NO_SPEECH_TOLERANCE = 1e-3

Place = tuple[str, float, float]


def recorded() -> tuple[list[Place], dict[str, dict[str, list]], dict[str, str]]:
    """The windows, what was recorded in every mode, and where it is from."""
    content = json.loads(FIXTURE.read_text(encoding="utf-8"))
    places = [(name, start, length) for name, start, length in content["windows"]]
    modes = {name: windows.expected(content["modes"], name) for name in content["modes"]}
    return places, modes, content["provenance"]


class Remembering(Recognizer):
    """A recognizer that encodes a window once, however many modes it is then decoded in."""

    def encode(self, requests: Sequence[DecodeRequest]) -> mx.array:
        """See `Recognizer`; the samples are kept too, so that their `id` stays theirs."""
        memory: dict[int, tuple[object, mx.array]] = self.__dict__.setdefault("_memory", {})
        new = [one for one in requests if id(one.audio.samples) not in memory]
        if new:
            features = super().encode(new)
            mx.eval(features)
            for place, one in enumerate(new):
                memory[id(one.audio.samples)] = one.audio.samples, features[place]
        return mx.stack([memory[id(one.audio.samples)][1] for one in requests])


def recognizer(shared: Path) -> Recognizer:
    """The small English model, in fp32 on the CPU."""
    plan = ComputePlan("cpu", "float32")
    plan.activate()
    made = load_recognizer(str(shared / "models/mini-en"), plan)
    return Remembering(**{field.name: getattr(made, field.name) for field in fields(made)})


def sound(data: Path, places: Sequence[Place]) -> list[Audio]:
    """The windows, decoded by us."""
    files: dict[str, Audio] = {}
    found = []
    for name, start, length in places:
        if name not in files:
            files[name] = decode(data / name)
        whole = files[name]
        found.append(whole.cut(start, start + length) if name == windows.LONG else whole)
    return found


def run(
    model: Recognizer, sounds: Sequence[Audio], mode: windows.Mode, batch_size: int = 8
) -> list[DecodedChunk]:
    """Our results in the order of `sounds`."""
    options = DecodingOptions(
        timestamps=mode.timestamps,
        suppress_blank=mode.rules,
        # By id, as the recorder does: a model may bring another list for -1.
        suppress_tokens=model.tokenizer.non_speech_tokens if mode.rules else (),
        max_new_tokens=windows.LIMIT,
    )
    pieces = [Window(one, "en") for one in sounds]
    results = {result.id: result for result in model.recognize(pieces, options, batch_size)}
    return [results[index] for index in range(len(sounds))]


def differences(ours: Sequence[DecodedChunk], lists: dict[str, list]) -> list[dict]:
    """Every window that is not as recorded: its index, what differs and where it begins to."""
    found: list[dict] = []
    for index, result in enumerate(ours):
        for peer, rows in (("openai-whisper", "tokens"), ("transformers", "transformers")):
            if rows in lists and list(result.tokens) != lists[rows][index]:
                first = _first_difference(result.tokens, lists[rows][index])
                found.append({"window": index, "what": f"tokens of {peer}", "at": first})
        for what, tolerance in (
            ("avg_logprob", LOGPROB_TOLERANCE),
            ("no_speech_prob", NO_SPEECH_TOLERANCE),
        ):
            away = abs(getattr(result, what) - lists[what][index])
            if not away <= tolerance:
                found.append({"window": index, "what": what, "by": away})
    return found


def _first_difference(left: Sequence[int], right: Sequence[int]) -> int:
    pairs = zip(left, right, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))
