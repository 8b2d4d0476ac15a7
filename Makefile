# Everything a contributor or CI runs. `make help` lists the targets.
# Written for GNU Make 3.81 (what macOS ships) and for a machine that has only Python and make.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# Interpreters of the versions we test come first; then any newer python3; else plain python3, so
# that the message about its age can name it. Override with `make PYTHON=/path/to/python3 ...`.
PYTHON ?= $(shell \
	for p in python3 python3.13 python3.12 python3.11 python3.10; do \
		"$$p" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null \
		&& echo "$$p" && exit; \
	done; echo python3)

VENV := .venv
PARITY_VENV := .venv-parity
DOCS_VENV := .venv-docs
WHEEL_VENV := .venv-wheel

PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
SOURCES := src tests $(wildcard benchmarks examples tools)

# The demonstration: a bundled recording through the bundled model, without network.
DEMO_AUDIO ?= src/whisperx/assets/demo/demo.opus
DEMO_MODEL ?= mini-en
DEMO_CARD ?= src/whisperx/assets/mini-en/README.md
DEMO_OUTPUT ?= transcripts
DEMO_OPTIONS ?= --language en

UV_COMPILE := uv pip compile --universal --python-version 3.10 --upgrade \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

# Engines that ours is measured beside, each in an environment of its own; a variable such as
# WHISPERX_BENCH_PYTHON_MLX_WHISPER names an interpreter to take instead.
BENCH_PEERS := mlx-whisper faster-whisper whisperx
BENCH_VENVS = $(if $(WHISPERX_BENCH_PYTHON_MLX_WHISPER),,.venv-bench-mlx-whisper) \
	$(if $(WHISPERX_BENCH_PYTHON_FASTER_WHISPER),,.venv-bench-faster-whisper) \
	$(if $(WHISPERX_BENCH_PYTHON_WHISPERX),,.venv-bench-whisperx)
BENCH_OPTIONS ?=

.PHONY: help demo test check format parity bench docs wheel released lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed ## transcribe a bundled recording, offline
	@test -f "$(DEMO_AUDIO)" || { echo "There is no recording at $(DEMO_AUDIO); name one with make demo DEMO_AUDIO=file."; exit 1; }
	HF_HUB_OFFLINE=1 $(VENV)/bin/whisperx "$(DEMO_AUDIO)" --model $(DEMO_MODEL) $(DEMO_OPTIONS) \
		--output_dir "$(DEMO_OUTPUT)" --output_format all
	@echo
	@echo "Written to $(DEMO_OUTPUT)/:" && ls "$(DEMO_OUTPUT)"
	@echo
	@echo "How often this small test model errs, from $(DEMO_CARD):"
	@awk '/[Ww]ord error rate/ { on = 1 } on && /^\|/ { table = 1 } table && /^$$/ { exit } on' "$(DEMO_CARD)"

test: check ## the whole gate: check, then every test that needs no PyTorch
	$(VENV)/bin/python -m pytest

check: $(VENV)/.installed ## style, format, types and import contracts
	$(VENV)/bin/python -m ruff check $(SOURCES)
	$(VENV)/bin/python -m ruff format --check $(SOURCES)
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(VENV)/bin/pyright --pythonpath $(VENV)/bin/python
	$(VENV)/bin/lint-imports

format: $(VENV)/.installed ## rewrite the sources in the house format
	$(VENV)/bin/python -m ruff check --fix $(SOURCES)
	$(VENV)/bin/python -m ruff format $(SOURCES)

parity: $(PARITY_VENV)/.installed ## compare with PyTorch live; reports go to benchmarks/results
	$(PARITY_VENV)/bin/python -m pytest -m parity
	@for program in benchmarks/parity_*.py; do \
		echo "$$program"; $(PARITY_VENV)/bin/python "$$program" || exit 1; \
	done

bench: $(VENV)/.installed $(addsuffix /.requirements,$(BENCH_VENVS)) ## measure ours beside other engines; writes the README's table
	$(VENV)/bin/python benchmarks/bench_peers.py $(BENCH_OPTIONS)
	$(VENV)/bin/python benchmarks/tables.py

docs: $(DOCS_VENV)/.requirements ## build the documentation into site/
	$(DOCS_VENV)/bin/python -m mkdocs build --strict --site-dir site

wheel: $(VENV)/.installed ## build sdist and wheel, look inside, install the wheel bare and run it
	rm -rf dist $(WHEEL_VENV)
	$(VENV)/bin/python -m build --no-isolation --outdir dist .
	$(VENV)/bin/python tests/architecture/check_wheel.py dist/*.whl
	$(VENV)/bin/python -m venv $(WHEEL_VENV)
	$(WHEEL_VENV)/bin/python $(PIP_INSTALL) "$$(echo dist/*.whl)[cpu]"
	$(WHEEL_VENV)/bin/python -m pip check
	cd dist && ../$(WHEEL_VENV)/bin/whisperx --version

released: ## fail unless TAG=v<version> is the version and the newest changelog entry
	@version=$$(sed -n 's/^__version__ = "\(.*\)"$$/\1/p' src/whisperx/__init__.py); \
	newest=$$(sed -n 's/^## \[\([^]]*\)\].*/\1/p' CHANGELOG.md | sed -n 1p); \
	test "$(TAG)" = "v$$version" && test "$$newest" = "$$version" || { \
		echo "The tag is '$(TAG)', the version $$version, the newest changelog entry $$newest: they must agree."; exit 1; }

lock: ## pin anew everything under requirements/ (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv"; exit 1; }
	$(UV_COMPILE) pyproject.toml --extra cpu --group dev --output-file requirements/dev.txt
	$(UV_COMPILE) --group docs --constraint requirements/dev.txt --output-file requirements/docs.txt
	$(UV_COMPILE) pyproject.toml --extra cpu --group dev --group parity \
		--constraint requirements/dev.txt --output-file requirements/parity.txt \
		$(foreach package,$(LEFT_TO_TORCH),--no-emit-package $(package))
	$(UV_COMPILE) requirements/bench-mlx-whisper.in --constraint requirements/dev.txt \
		--override requirements/bench-override.txt --no-emit-package torch \
		--output-file requirements/bench-mlx-whisper.txt
	$(UV_COMPILE) requirements/bench-faster-whisper.in --constraint requirements/dev.txt \
		--output-file requirements/bench-faster-whisper.txt
	$(UV_COMPILE) requirements/bench-whisperx.in --output-file requirements/bench-whisperx.txt \
		$(foreach package,$(LEFT_TO_TORCH) $(LEFT_TO_TORCH_CU12),--no-emit-package $(package))

# Pinned by the metadata of PyTorch's own Linux wheel; a build without CUDA must not pull them in.
LEFT_TO_TORCH := triton cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti \
	nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile \
	nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 \
	nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx
LEFT_TO_TORCH_CU12 := $(patsubst %,nvidia-%-cu12,cublas cuda-cupti cuda-nvrtc cuda-runtime cudnn \
	cufft cufile curand cusolver cusparse cusparselt nccl nvjitlink nvtx)

clean: ## remove environments, caches and build results
	rm -rf .venv .venv-parity .venv-docs .venv-wheel $(BENCH_PEERS:%=.venv-bench-%) \
		build dist site transcripts .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# A venv is rebuilt when its pinned versions change, and the package is installed anew when
# pyproject.toml changes. The stamps make every later run start at once.
$(VENV)/.requirements: requirements/dev.txt
	$(call create_venv,$(VENV),$<)
$(PARITY_VENV)/.requirements: requirements/parity.txt
	$(call create_venv,$(PARITY_VENV),$<)
$(DOCS_VENV)/.requirements: requirements/docs.txt
	$(call create_venv,$(DOCS_VENV),$<)
# --no-deps: mlx-whisper names torch among its requirements and does not import it to transcribe.
.venv-bench-mlx-whisper/.requirements: requirements/bench-mlx-whisper.txt
	$(call create_venv,.venv-bench-mlx-whisper,$<,--no-deps)
.venv-bench-%/.requirements: requirements/bench-%.txt
	$(call create_venv,.venv-bench-$*,$<)

%/.installed: %/.requirements pyproject.toml
	@$*/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.PRECIOUS: %/.requirements

define create_venv
@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	echo "whisperx-mlx needs Python 3.10 or newer, but $(PYTHON) is $$("$(PYTHON)" -c 'import sys; print("Python %d.%d" % sys.version_info[:2])' 2>/dev/null || echo missing): install a newer one, or name one with make PYTHON=/path/to/python3."; \
	exit 1; }
@echo "Installing $(2) into $(1) (once, a few minutes)"
@"$(PYTHON)" -m venv --clear $(1)
@$(1)/bin/python $(PIP_INSTALL) $(3) --requirement $(2)
@touch $@
endef
