"""How recordings are cut, mixed into one stream of windows, and put together again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from whisperx.asr.options import DecodedChunk, DecodingOptions
from whisperx.device import ComputePlan
from whisperx.errors import OptionError
from whisperx.pipeline import Pipeline
from whisperx.text.tokenizer import Tokenizer
from whisperx.types import Audio, SpeechRegion
from whisperx.vad.detector import VadOptions
from whisperx.weights import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = ComputePlan("cpu", "float32", batch_size=3)


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_folder(catalog.bundled_folder())


@dataclass
class FakeRecognizer:
    """Writes of each window its first sample and length; ends windows in the order `order` says."""

    tokenizer: Tokenizer
    name: str = "fake"
    ahead: int = 4
    heard: list[tuple[float, float, str]] = field(default_factory=list)
    read: int = 0

    def check(self, options: DecodingOptions) -> None:
        if options.task == "translate":
            msg = "cannot translate"
            raise OptionError(msg)

    def detect_language(self, audio: Audio) -> tuple[str, float]:
        return ("de" if audio.samples[0] < 0 else "en"), 0.9

    def recognize(self, windows, options, batch_size) -> Iterator[DecodedChunk]:
        """Results come `ahead` windows late and within those backwards, as from a real batch."""
        assert batch_size == PLAN.batch_size
        held: list[DecodedChunk] = []
        for index, window in enumerate(windows):
            self.read += 1
            first = float(window.audio.samples[0]) if len(window.audio.samples) else 0.0
            self.heard.append((window.audio.start, window.audio.end, window.language))
            text = f" {first:.0f} for {window.audio.duration:.1f}"
            tokens = tuple(self.tokenizer.encode(text))
            held.append(DecodedChunk(index, tokens, -0.5, 0.0, ended=True))
            if len(held) == self.ahead:
                yield from reversed(held)
                held = []
        yield from reversed(held)


def recording(number: int, seconds: float) -> Audio:
    return Audio(np.full(round(seconds * 16_000), number, np.float32))


@pytest.fixture
def recognizer(tokenizer):
    return FakeRecognizer(tokenizer)


def pipeline(recognizer: FakeRecognizer, **changes: Any) -> Pipeline:
    return Pipeline(PLAN, cast("Any", recognizer), **changes)


def test_windows_cover_a_recording_in_order(recognizer):
    transcript = pipeline(recognizer)(recording(7, 65))
    spans = [(segment.start, segment.end) for segment in transcript.segments]
    assert spans == [(0, 30), (30, 60), (60, 65)]
    assert transcript.text == "7 for 30.0 7 for 30.0 7 for 5.0"
    assert (transcript.language, transcript.model) == ("en", "fake")
    assert all(segment.avg_logprob == -0.5 for segment in transcript.segments)


def test_windows_of_many_recordings_share_batches_and_are_told_apart(recognizer):
    recognizer.ahead = 5
    lengths = [65, 10, 0.5, 95, 30]
    results = list(pipeline(recognizer).run(recording(n, s) for n, s in enumerate(lengths)))
    assert sorted(result.recording for result in results) == list(range(5))
    for result in results:
        seconds = lengths[result.recording]
        assert result.transcript.segments[-1].end == pytest.approx(seconds)
        assert len(result.transcript.segments) == len(result.chunks) == -(-seconds // 30)
        numbers = result.transcript.text.split()[::3]
        assert set(numbers) == {str(result.recording)}
        starts = [segment.start for segment in result.transcript.segments]
        assert starts == sorted(starts)


def test_recordings_are_read_as_windows_are_asked_for(recognizer):
    opened = []

    def recordings():
        for number in range(10):
            opened.append(number)
            yield recording(number, 20)

    results = pipeline(recognizer).run(recordings())
    assert opened == []
    next(results)
    assert len(opened) == recognizer.ahead


def test_the_language_is_the_users_or_else_each_recordings_own(recognizer):
    results = pipeline(recognizer).run([recording(-1, 1), recording(1, 1)])
    assert {r.recording: r.transcript.language for r in results} == {0: "de", 1: "en"}
    assert [language for *_, language in recognizer.heard] == ["de", "en"]
    fixed = pipeline(recognizer, options=DecodingOptions(language="fr"))
    assert fixed(recording(-1, 1)).language == "fr"
    assert recognizer.heard[-1][2] == "fr"


def test_what_the_model_cannot_do_is_refused_before_anything_is_read(recognizer):
    def recordings():
        pytest.fail("was read")
        yield

    with pytest.raises(OptionError, match="cannot translate"):
        list(pipeline(recognizer, options=DecodingOptions(task="translate")).run(recordings()))


class OneRegion:
    """Finds speech from the second second to one before the end, in long recordings only."""

    def regions(self, audio: Audio, options: VadOptions) -> list[SpeechRegion]:
        return [SpeechRegion(2, audio.end - 1)] if audio.duration > 5 else []


def test_only_speech_is_recognized(recognizer):
    made = pipeline(recognizer, detector=OneRegion())
    assert [(s.start, s.end) for s in made(recording(1, 20)).segments] == [(2, 19)]
    assert recognizer.heard == [(2, 19, "en")]


def test_a_recording_without_speech_is_an_empty_transcript(recognizer):
    made = pipeline(recognizer, detector=OneRegion())
    results = list(made.run([recording(0, 3), recording(1, 20), recording(2, 3)]))
    assert {r.recording: len(r.transcript.segments) for r in results} == {0: 0, 1: 1, 2: 0}
    assert made(recording(0, 3)).text == ""


def test_given_regions_take_the_detectors_place(recognizer):
    vad = VadOptions(given=(SpeechRegion(1, 3), SpeechRegion(4, 6)))
    made = pipeline(recognizer, detector=OneRegion(), vad=vad)
    assert [(s.start, s.end) for s in made(recording(1, 20)).segments] == [(1, 3), (4, 6)]


def test_progress_ends_at_the_whole(recognizer):
    told: list[tuple[int, str, float, float]] = []
    made = pipeline(recognizer)

    def tell(recording: int, stage: str, done: float, total: float) -> None:
        told.append((recording, stage, done, total))

    list(made.run([recording(0, 65), recording(1, 10)], tell))
    for number, seconds in ((0, 65), (1, 10)):
        for stage in ("vad", "asr"):
            mine = [(done, total) for n, s, done, total in told if (n, s) == (number, stage)]
            assert mine[0][0] == 0
            assert mine[-1] == (seconds, seconds)
            assert [done for done, _ in mine] == sorted(done for done, _ in mine)


def test_calling_it_twice_gives_the_same(recognizer):
    made = pipeline(recognizer)
    assert made(recording(3, 40)) == made(recording(3, 40))
