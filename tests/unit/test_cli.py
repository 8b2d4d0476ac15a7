"""The `whisperx` command, run in this process with a tiny random model."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tiny import write_tiny_whisper
from whisperx import __version__
from whisperx.cli.arguments import build_parser
from whisperx.cli.inputs import expand
from whisperx.cli.main import main
from whisperx.engine import engine as engine_module
from whisperx.errors import HubUnreachableError
from whisperx.weights import catalog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from whisperx.device import ComputePlan

NO_VAD = ["--vad_method", "none"]  # the tests' buzz is no speech, and need not be


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_whisper(tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def sound(
    tmp_path: Path, tone: Callable[[float], NDArray[np.float32]], wav: Callable[..., bytes]
) -> Callable[[str, float], Path]:
    def make(name: str, seconds: float = 1.0) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav((tone(seconds) * 32767).astype(np.int16)))
        return path

    return make


def test_every_format_is_written_and_the_transcript_printed(sound, model, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([str(sound("talk.wav")), "--model", model, *NO_VAD, "-o", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {
        f"talk.{ending}" for ending in ("txt", "vtt", "srt", "tsv", "json")
    }
    result = json.loads((out / "talk.json").read_text("utf-8"))
    assert result["language"] == "en"
    assert result["model"] == model
    (segment,) = result["segments"]
    assert (segment["start"], segment["end"]) == (0.0, 1.0)
    assert f"Transcript: [0.0 --> 1.0] {segment['text'].strip()}" in capsys.readouterr().out


def test_one_format_is_written_alone(sound, model, tmp_path):
    out = tmp_path / "out"
    assert main([str(sound("talk.wav")), "--model", model, "-o", str(out), "-f", "txt"]) == 0
    assert [path.name for path in out.iterdir()] == ["talk.txt"]


def test_a_bad_file_is_named_and_the_others_are_finished(sound, model, tmp_path, capsys):
    (tmp_path / "notes.mp3").write_text("no sound in here")
    out = tmp_path / "out"
    names = [str(sound("a.wav")), str(tmp_path / "notes.mp3"), "nowhere.wav", str(sound("b.wav"))]
    assert main([*names, "--model", model, "-o", str(out), "-f", "json"]) == 1
    assert {path.name for path in out.iterdir()} == {"a.json", "b.json"}
    complaints = capsys.readouterr().err.splitlines()
    assert [line for line in complaints if "notes.mp3" in line and line.startswith("whisperx: err")]
    assert [line for line in complaints if "nowhere.wav" in line]
    assert complaints[-1] == "whisperx: 2 done, 2 failed"
    assert "Traceback" not in "".join(complaints)


def test_results_do_not_depend_on_how_files_share_a_batch(sound, model, tmp_path):
    names = [str(sound(f"{index}.wav", 0.5 + 7 * index)) for index in range(5)]
    together, alone = tmp_path / "together", tmp_path / "alone"
    flags = ["--model", model, "-f", "tsv", *NO_VAD]
    assert main([*names, *flags, "-o", str(together), "--batch_size", "3"]) == 0
    for name in names:
        assert main([name, *flags, "-o", str(alone), "--batch_size", "1"]) == 0
    texts = {path.name: path.read_text("utf-8") for path in together.iterdir()}
    assert len(set(texts.values())) == 5
    assert texts == {path.name: path.read_text("utf-8") for path in alone.iterdir()}


def test_a_long_recording_is_cut_into_windows(sound, model, tmp_path):
    out = tmp_path / "out"
    long = str(sound("long.wav", 65.0))
    assert main([long, "--model", model, *NO_VAD, "-o", str(out), "-f", "json"]) == 0
    segments = json.loads((out / "long.json").read_text("utf-8"))["segments"]
    assert [(each["start"], each["end"]) for each in segments] == [
        (0.0, 30.0),
        (30.0, 60.0),
        (60.0, 65.0),
    ]


def test_quiet_prints_nothing(sound, model, tmp_path, capsys):
    name = str(sound("talk.wav"))
    assert main([name, "--model", model, "-o", str(tmp_path / "o"), "--verbose", "False"]) == 0
    assert capsys.readouterr().out == ""


def test_an_english_model_refuses_other_languages(sound, model, capsys):
    name = str(sound("talk.wav"))
    assert main([name, "--model", model, "--language", "German"]) == 1
    assert "knows English only" in capsys.readouterr().err


def test_an_unknown_model_is_one_sentence(sound, capsys):
    assert main([str(sound("talk.wav")), "--model", "larg-v3"]) == 1
    error = capsys.readouterr().err
    assert "There is no model 'larg-v3'" in error
    assert "did you mean large-v3" in error
    assert len(error.splitlines()) == 1


def test_without_a_model_and_without_a_hub_the_bundled_one_is_used(
    sound, model, tmp_path, capsys, monkeypatch
):
    loaded = engine_module.load_recognizer

    def load(name: str, plan: ComputePlan, **options: object):
        if name == catalog.DEFAULT:
            raise HubUnreachableError("no hub")
        assert name == catalog.BUNDLED
        return loaded(model, plan)

    monkeypatch.setattr(engine_module, "load_recognizer", load)
    out = tmp_path / "out"
    assert main([str(sound("talk.wav")), "-o", str(out), "-f", "json"]) == 0
    assert "using 'mini-en' from this package" in capsys.readouterr().err


@pytest.mark.slow
def test_the_bundled_model_writes_its_name_and_refuses_other_languages(sound, tmp_path, capsys):
    name = str(sound("talk.wav"))
    out = tmp_path / "out"
    assert main([name, "--model", "mini-en", "-o", str(out), "-f", "json"]) == 0
    assert json.loads((out / "talk.json").read_text("utf-8"))["model"] == "mini-en"
    assert main([name, "--model", "mini-en", "--language", "fr"]) == 1
    assert "knows English only, not 'fr'" in capsys.readouterr().err


def test_an_unwritable_folder_fails_the_file_with_one_sentence(sound, model, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert main([str(sound("talk.wav")), "--model", model, "-o", str(blocked)]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--batch_size", "0"], "expected a whole number of at least 1"),
        (["--verbose", "yes"], "expected True or False"),
        (["--output_format", "doc"], "invalid choice"),
        (["--language", "Klingon"], "invalid choice"),
        (["--task", "sing"], "invalid choice"),
    ],
)
def test_senseless_flags_are_refused_before_anything_is_loaded(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["talk.wav", *arguments])
    assert stopped.value.code == 2
    assert complaint in capsys.readouterr().err


def test_flags_may_be_shortened_as_in_whisperx():
    assert build_parser().parse_args(["a.wav", "--lang", "en"]).language == "en"


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"whisperx {__version__}\n"


def test_interrupting_is_no_traceback(sound, monkeypatch, capsys):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("whisperx.cli.transcribe.Engine", interrupt)
    assert main([str(sound("talk.wav"))]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_folders_patterns_and_files_are_expanded_once_each(sound, tmp_path):
    first, second = sound("b.wav"), sound("sub/a.MP3")
    (tmp_path / "notes.txt").write_text("left out of folders")
    inputs, problems = expand(
        [str(tmp_path), str(tmp_path / "*.wav"), str(first), "missing.wav", str(tmp_path / "*.xyz")]
    )
    assert [item.path for item in inputs[:2]] == sorted([first, second])
    assert [str(item.path) for item in inputs[2:]] == ["missing.wav"]
    assert problems == [
        f"{tmp_path / '*.xyz'} stands for nothing: no recording is in it or matches it."
    ]


def test_standard_input_is_read(sound, model, tmp_path, monkeypatch):
    recording = sound("talk.wav")
    with recording.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": file}))
        assert main(["-", "--model", model, "-o", str(tmp_path / "o"), "-f", "txt"]) == 0
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["stdin.txt"]
