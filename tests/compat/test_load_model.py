"""WhisperX's functions over a tiny random model: shapes of results, options, threads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

import whisperx
from tiny import write_tiny_whisper
from whisperx.errors import ModelNotFoundError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_whisper(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def model(folder: str):
    return whisperx.load_model(folder, "cpu", vad_method="none")


@pytest.fixture(scope="module")
def sound(tone: Callable[[float], NDArray[np.float32]]) -> NDArray[np.float32]:
    return tone(65.0)


def test_the_result_has_whisperx_keys(model, sound):
    result = model.transcribe(sound, batch_size=2)
    assert list(result) == ["segments", "language"]
    assert result["language"] == "en"
    assert [(each["start"], each["end"]) for each in result["segments"]] == [
        (0.0, 30.0),
        (30.0, 60.0),
        (60.0, 65.0),
    ]
    assert all(list(each) == ["text", "start", "end", "avg_logprob"] for each in result["segments"])


def test_chunk_size_cuts_shorter(model, sound):
    segments = model.transcribe(sound, chunk_size=20)["segments"]
    assert [each["end"] for each in segments] == [20.0, 40.0, 60.0, 65.0]


def test_progress_reaches_100(model, sound, capsys):
    told: list[float] = []
    model.transcribe(sound, print_progress=True, progress_callback=told.append)
    assert told == sorted(told)
    assert told[-1] == 100.0
    assert len(told) >= 3
    assert capsys.readouterr().out.splitlines()[-1] == "Progress: 100.00%..."


def test_progress_reaches_100_without_speech(folder, tone):
    told: list[float] = []
    silent = whisperx.load_model(folder, "cpu", vad_method="silero")
    result = silent.transcribe(np.zeros(48_000, np.float32), progress_callback=told.append)
    assert result["segments"] == []
    assert told[-1] == 100.0


def test_vad_options_act(folder):
    with pytest.raises(OptionError, match="no VAD option speed"):
        whisperx.load_model(folder, "cpu", vad_options={"speed": 1})
    made = whisperx.load_model(folder, "cpu", vad_options={"vad_onset": 0.7, "chunk_size": 12})
    assert (made.vad.onset, made.vad.chunk_size, made.vad.offset) == (0.7, 12.0, None)


def test_a_language_the_model_lacks_is_refused_at_loading(folder):
    with pytest.raises(OptionError, match="knows English only"):
        whisperx.load_model(folder, "cpu", language="de")


def test_an_unknown_model_is_also_a_value_error():
    with pytest.raises(ModelNotFoundError, match="no model 'larg'"):
        whisperx.load_model("larg", "cpu")
    with pytest.raises(ValueError, match="no model 'larg'"):
        whisperx.load_model("larg", "cpu")


def test_pipelines_are_callable(folder, sound):
    plain = whisperx.load_pipeline(folder, "mlx", vad_filter=False)
    result = plain(sound, batch_size=3)
    assert len(result["segments"]) == 3
    named = whisperx.load_mlx_pipeline(model_path=folder, vad_filter=False)
    assert named(sound) == result
    filtered = whisperx.load_mlx_pipeline(model_path=folder, vad_filter=True)
    assert filtered.vad.method == "silero"


def test_a_model_works_in_other_threads_than_its_own(folder, sound):
    with ThreadPoolExecutor(1) as loader:
        model = loader.submit(whisperx.load_model, folder, "cpu", vad_method="none").result()
    expected = model.transcribe(sound)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(model.transcribe, [sound] * 8))
    assert results == [expected] * 8


def test_a_model_works_under_asyncio(folder, sound):
    async def use():
        model = await asyncio.to_thread(whisperx.load_model, folder, "cpu", vad_method="silero")
        in_loop = model.transcribe(sound)
        others = await asyncio.gather(
            *(asyncio.to_thread(model.transcribe, sound) for _ in range(4))
        )
        return in_loop, others

    in_loop, others = asyncio.run(use())
    assert others == [in_loop] * 4


def test_a_program_that_used_threads_ends_cleanly(folder):
    program = textwrap.dedent(
        f"""
        import threading, numpy, whisperx
        model = whisperx.load_model({folder!r}, "cpu", vad_method="none")
        sound = numpy.random.default_rng(0).normal(size=16000).astype("f4") * 0.1
        thread = threading.Thread(target=model.transcribe, args=(sound,))
        thread.start()
        thread.join()
        model.transcribe(sound)
        print("done")
        """
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr
