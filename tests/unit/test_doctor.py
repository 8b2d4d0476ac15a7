import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from huggingface_hub import constants

import whisperx
from whisperx.cli import doctor
from whisperx.cli.doctor import PARTS, Part, main
from whisperx.doctor import compute, models, report, self_test, system
from whisperx.doctor.report import Section, clean, in_bytes, run_check
from whisperx.errors import ModelError
from whisperx.weights import catalog

SOURCE = Path(whisperx.__file__).parents[1]
SPEECH = Path(__file__).parents[1] / "data" / "audio" / "16k_mono.opus"

VM_STAT = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10.
Pages active:                           5000.
Pages inactive:                          200.
Pages speculative:                        30.
Pages throttled:                           0.
"""
MEMINFO = "MemTotal:       24693796 kB\nMemAvailable:   20626000 kB\nHugePages_Total:       0\n"
CPUINFO = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nprocessor\t: 1\nmodel name\t: Other\n"


@pytest.fixture
def section() -> Section:
    return Section("name", "Title")


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of checks: one that is well, two that fail, one that is warned of."""
    module = ModuleType("whisperx.doctor.made_up")

    def well(section: Section) -> None:
        section.add("answer_bytes", 42_000_000, in_bytes(42_000_000))

    def ours(section: Section) -> None:
        section.add("before", "was found")
        raise ModelError("The model is gone: fetch it.")

    def bug(_section: Section) -> None:
        raise KeyError(os.environ.get("HF_TOKEN", "nothing"))

    def warned(_section: Section) -> None:
        importlib.import_module("logging").getLogger("whisperx.some.where").warning("Do %s.", "so")

    for check in (well, ours, bug, warned):
        setattr(module, check.__name__, check)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Small products, and a cache folder that is not there."""
    monkeypatch.setattr(compute, "SIZE", 32)
    monkeypatch.setattr(compute, "_TIMED_SECONDS", 0.0001)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "none"))


def show(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    checks = tuple(f"made_up:{name}" for name in names)
    monkeypatch.setattr(doctor, "PARTS", (Part("one", "One", checks), Part("two", "Two", ())))


def test_all_is_well(
    checks: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    show(monkeypatch, "well")
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "\nOne\n  answer                 42 MB\n" in out
    assert out.endswith("All is well\n")


def test_a_check_that_fails_is_told_and_the_rest_goes_on(
    checks: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    show(monkeypatch, "ours", "bug", "missing", "warned", "ours", "well")
    assert main(["--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    one = told["sections"]["one"]
    assert one["facts"] == {"before": "was found", "answer_bytes": 42_000_000}
    assert [problem.split("(")[0] for problem in one["problems"]] == [
        "The model is gone: fetch it.",
        "The check of bug failed ",
        "The check of missing failed ",
        "Do so.",
    ]
    assert "KeyError" in one["details"][0]
    assert told["problems"] == one["problems"]
    assert told["ok"] is False


def test_tracebacks_are_shown_if_asked_for(
    checks: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    show(monkeypatch, "bug")
    assert main([]) == 1
    assert "Traceback" not in capsys.readouterr().out
    assert main(["--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().out


def test_every_check_is_there() -> None:
    for part in PARTS:
        for check in part.checks:
            module, _, function = check.lstrip("*").partition(":")
            assert callable(getattr(importlib.import_module(f"whisperx.doctor.{module}"), function))


@pytest.mark.usefixtures("quick")
def test_the_report_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--json", "--no_self_test"])
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["whisperx_mlx", "ok", "problems", "sections"]
    assert list(told["sections"]) == ["software", "computer", "computing", "models", "licences"]
    assert (status == 0) == told["ok"] == (not told["problems"])
    facts = {name: part["facts"] for name, part in told["sections"].items()}
    assert facts["software"]["whisperx_mlx"] == whisperx.__version__
    assert facts["software"]["numpy"] == np.__version__
    assert facts["computer"]["memory_bytes"] > facts["computer"]["memory_available_bytes"] > 0
    assert facts["computer"]["chip"]
    assert facts["computing"]["cpu_fp32_gigaflops"] > 0
    assert {"device", "dtype", "backend", "blas", "cpu"} <= set(facts["computing"])
    assert facts["models"]["bundled_model"] == {"name": "mini-en", "missing": []}
    assert facts["models"]["disk_free_bytes"] > 0
    assert not any(part["details"] for part in told["sections"].values())


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("options", [["--json"], ["--verbose"]])
def test_no_secret_is_shown(
    options: list[str],
    checks: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://anna:geheim@proxy:3128")
    monkeypatch.setenv("HF_ENDPOINT", "http://inside.example")
    monkeypatch.setattr(doctor, "PARTS", (*PARTS[:-1], Part("one", "One", ("made_up:bug",))))
    assert main(options) == 1
    out = capsys.readouterr().out
    assert "HF_TOKEN" in out
    assert "HTTPS_PROXY" in out
    assert "***" in out  # the failed check named it
    for secret in ("hf_secret", "anna", "geheim", "inside.example"):
        assert secret not in out


def test_cleaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/tmp_home/anna")
    monkeypatch.setenv("SOME_API_KEY", "geheimnis")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "numpy1")
    text = "/tmp_home/anna/x /chroot/tmp_home/anna/x numpy1 geheimnis https://u:p@h/ hf_abcdefghij"
    cleaned = "~/x /chroot/tmp_home/anna/x numpy1 *** https://***@h/ hf_***"
    assert clean({"a": [text, 1, None]}) == {"a": [cleaned, 1, None]}


def test_sizes() -> None:
    assert [in_bytes(count) for count in (0, 999, 14e3, 14e6, 25.3e9)] == [
        "0 bytes",
        "999 bytes",
        "14 kB",
        "14 MB",
        "25.3 GB",
    ]


def test_what_systems_say_of_themselves() -> None:
    assert system.parse_vm_stat(VM_STAT) == 240 * 16384
    assert system.parse_vm_stat("") is None
    assert system.parse_meminfo(MEMINFO)["MemTotal"] == 24693796 * 1024
    assert system.parse_cpuinfo(CPUINFO) == "Some CPU @ 2 GHz"
    assert system.parse_cpuinfo("processor : 0\n") is None


def test_a_mac_is_described(monkeypatch: pytest.MonkeyPatch, section: Section) -> None:
    answers = {
        "hw.memsize": "17179869184",
        "machdep.cpu.brand_string": "Apple M4",
        "hw.perflevel0.physicalcpu": "4",
        "hw.perflevel1.physicalcpu": "6",
    }
    monkeypatch.setattr(system.sys, "platform", "darwin")
    monkeypatch.setattr(system.platform, "mac_ver", lambda: ("15.2", ("", "", ""), "arm64"))
    monkeypatch.setattr(system, "_output", lambda *command: answers.get(command[-1], "") or VM_STAT)
    system.computer(section)
    system.memory(section)
    text = section.to_text()
    assert "macOS 15.2" in text
    assert "Apple M4" in text
    assert "(4 fast, 6 efficient)" in text
    assert "17.2 GB" in text


def test_metal_is_said_to_be_untried(monkeypatch: pytest.MonkeyPatch, section: Section) -> None:
    monkeypatch.setattr(compute.mx.metal, "is_available", lambda: True)
    compute.plan(section)
    assert section.notes == [compute.METAL_NOTE]


def test_packages_that_overwrite_each_other(
    monkeypatch: pytest.MonkeyPatch, section: Section
) -> None:
    names = {"mlx": "0.32.4", "mlx-cpu": "0.32.4", "mlx-cuda-13": "0.32.3"}
    monkeypatch.setattr(system, "inspect_machine", lambda: SimpleNamespace(installed=names))
    monkeypatch.setattr(system.os, "listdir", lambda _: ["whisperx-3.8.6.dist-info"])
    system.installation(section)
    original, two, unequal = section.problems
    assert "original whisperx 3.8.6" in original
    assert "mlx-cpu and mlx-cuda-13 are both installed" in two
    assert unequal.endswith("pip install mlx-cuda-13==0.32.4.")


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch, section: Section) -> None:
    monkeypatch.setattr(system, "_REQUIRED", ("no-such-package",))
    system.software(section)
    assert section.problems == ["no-such-package is not installed: pip install no-such-package."]


def test_models_in_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, section: Section
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    whole = ("config.json", "model.safetensors", "tokenizer.json")
    put(tmp_path, "openai--whisper-tiny", whole)
    put(tmp_path, "openai--whisper-large-v3", whole[:1], unfinished=True)
    put(tmp_path, "someone--Whisper-medium-de", whole)
    put(tmp_path, "someone--a-language-model", whole)
    models.cache(section)
    facts = {fact.name: fact.value for fact in section.facts}["cached_models"]
    assert set(facts) == {
        "openai/whisper-tiny",
        "openai/whisper-large-v3",
        "someone/Whisper-medium-de",
    }
    assert facts["openai/whisper-tiny"]["missing"] == []
    assert facts["openai/whisper-tiny"]["names"] == ["tiny"]
    assert facts["openai/whisper-tiny"]["size_bytes"] == 15
    assert facts["openai/whisper-large-v3"]["missing"] == ["model.safetensors", "tokenizer.json"]
    assert facts["openai/whisper-large-v3"]["unfinished_files"] == 1
    text = " ".join(section.to_text().split())
    assert "15 bytes, whole, --model tiny" in text
    assert "(lacks model.safetensors, tokenizer.json), 1 unfinished downloads" in text
    assert not section.problems


def put(cache: Path, name: str, files: tuple[str, ...], *, unfinished: bool = False) -> None:
    folder = cache / f"models--{name}"
    revision = "0123456789" * 4
    (folder / "snapshots" / revision).mkdir(parents=True)
    (folder / "blobs").mkdir()
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(revision)
    for file in files:
        (folder / "blobs" / file).write_text("bytes")
        (folder / "snapshots" / revision / file).symlink_to(folder / "blobs" / file)
    if unfinished:
        (folder / "blobs" / "abc.incomplete").touch()


def test_every_owner_in_the_catalogue_has_a_licence() -> None:
    repositories = {catalog.resolve(name).repository for name in catalog.names()} - {None}
    owners = {str(repository).partition("/")[0] for repository in repositories}
    assert owners <= {name.partition("/")[0] for name in models.LICENCES}


def test_sound_can_be_read(monkeypatch: pytest.MonkeyPatch, section: Section) -> None:
    self_test.decoding(section)
    assert not section.problems
    monkeypatch.setattr(self_test, "_CODECS", ("no-such-codec",))
    self_test.decoding(section)
    assert section.problems[0].startswith("The installed av cannot decode no-such-codec:")


def test_no_recording_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, section: Section
) -> None:
    monkeypatch.setattr(self_test, "DEMO", tmp_path / "none")
    self_test.transcription(section)
    assert "not in this installation" in section.problems[0]


@pytest.mark.slow
def test_the_self_test_transcribes_and_compares(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, section: Section
) -> None:
    monkeypatch.setattr(self_test, "DEMO", tmp_path)
    shutil.copy(SPEECH, tmp_path)
    expected = tmp_path / self_test.EXPECTED
    expected.write_text("quite another text than that\n")
    self_test.transcription(section)
    facts = {fact.name: fact.value for fact in section.facts}
    assert "wrote another text than it should" in section.problems[0]
    assert facts["recording_seconds"] == pytest.approx(0.6, abs=0.05)
    assert min(facts["load_seconds"], facts["first_run_seconds"], facts["second_run_seconds"]) > 0
    assert facts["mlx_peak_memory_bytes"] > 10e6
    again = Section("again", "Again")
    expected.write_text(f"{facts['text']}\n")
    self_test.compare(again, facts["text"], expected)
    assert not again.problems
    assert "same" in again.to_text()


@pytest.mark.slow
def test_the_encoder_agrees_with_itself(monkeypatch: pytest.MonkeyPatch, section: Section) -> None:
    plan = SimpleNamespace(is_gpu=True, device="cpu", dtype="float32")
    monkeypatch.setattr(self_test, "choose", lambda: plan)
    self_test.agreement(section)
    facts = {fact.name: fact.value for fact in section.facts}
    assert facts["mel_features_float32"]["share"] == 0
    assert facts["encoder_output_float32"]["share"] == 0
    assert facts["encoder_output_float32"]["max_value"] > 0.1
    assert not section.problems


@pytest.mark.parametrize(("value", "is_well"), [(1.001, True), (1.2, False), (np.nan, False)])
def test_a_gpu_that_computes_otherwise_is_told(
    value: float, is_well: bool, section: Section
) -> None:
    ones = np.ones(3, np.float32)
    self_test.judge(section, "encoder output", "float32", ones * np.float32(value), ones)
    assert (not section.problems) == is_well


def test_one_word_in_ten_may_differ(tmp_path: Path) -> None:
    expected = tmp_path / "expected.txt"
    expected.write_text("a b c d e f g h i j")
    for text, is_well in (("a b c d e f g h i x", True), ("a b c d e f g h", False), ("", False)):
        section = Section("name", "Title")
        self_test.compare(section, text, expected)
        assert (not section.problems) == is_well


@pytest.mark.parametrize(
    ("expected", "heard", "errors"),
    [("", "", 0), ("a b", "", 2), ("", "a", 1), ("a b c", "a x c", 1), ("a b c", "b c d", 2)],
)
def test_word_errors(expected: str, heard: str, errors: int) -> None:
    assert self_test.count_word_errors(expected.split(), heard.split()) == errors


def test_a_failed_mlx_is_tried_once(
    monkeypatch: pytest.MonkeyPatch, checks: ModuleType, section: Section
) -> None:
    monkeypatch.setattr(report, "_why_no_mlx", lambda: "MLX is not installed: install it.")
    run_check(section, "made_up:well", needs_mlx=True)
    run_check(section, "made_up:well")
    assert section.problems == ["MLX is not installed: install it."]
    assert len(section.facts) == 1


@pytest.mark.slow
def test_the_report_comes_without_mlx(tmp_path: Path) -> None:
    (tmp_path / "mlx").mkdir()
    (tmp_path / "mlx" / "__init__.py").touch()
    command = "import sys; from whisperx.cli.doctor import main; sys.exit(main(['--json']))"
    path = os.pathsep.join([str(tmp_path), str(SOURCE)])
    done = subprocess.run(
        [sys.executable, "-c", command],
        env={**os.environ, "PYTHONPATH": path, "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    sections = json.loads(done.stdout)["sections"]
    for name in ("computing", "self_test"):
        assert sections[name]["problems"][0].startswith("Python finds something called mlx at")
    assert sections["software"]["facts"]["whisperx_mlx"] == whisperx.__version__
    assert sections["models"]["facts"]["bundled_model"]["missing"] == []
    assert not sections["models"]["problems"]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom whisperx.cli.doctor import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "assert not {'mlx', 'numpy', 'av', 'huggingface_hub'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "exit status" in done.stdout
