# Short names for the few commands of a working day; each is one or two lines that can be typed as well.
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.PHONY: help packages tools build fuzzers demo check check-long fault-table cppcheck threads memcheck mutants coverage bundle docs examples package package-check format-check tidy sanitize fuzz fuzz-short format clean

# How long `make fuzz` runs each fuzzer.
seconds ?= 1200

# What is built and tested; `make preset=cpu` does without MPI.
preset ?= mpi

# Ninja's progress line is for a person at a terminal; a log gets only what went wrong.
quiet := $(if $(MAKE_TERMOUT),,-- --quiet)
sources = find io kernels model pipeline tests \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print0
clang_format ?= clang-format
clang_tidy ?= clang-tidy

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

packages:  ## install what is missing of the Debian packages (nothing to do: no root, no apt)
	@scripts/install_packages.sh

tools:
	@scripts/install_packages.sh --with-tools

build: packages build/$(preset)/build.ninja  ## packages, configure, build; the program is build/headsweep (default)
	@cmake --build --preset $(preset) $(quiet)
	@cat build/$(preset)/built.txt

demo: build  ## build, then find the circuit of the demo job
	@build/headsweep run jobs/demo.yaml

# Passive: two tests at a time would spin at each other's barriers on a machine with few cores.
check: build  ## build, then the tests but the long ones (the include rules among them) and the format
	@OMP_WAIT_POLICY=passive ctest --preset $(preset) --label-exclude long --parallel 2
	@$(MAKE) --no-print-directory format-check

check-long: build  ## the long tests: Slurm, kills at many moments, load; whether docs/faults.md says what tests saw
	@OMP_WAIT_POLICY=passive ctest --preset $(preset) --label-regex long --parallel 2
	@scripts/fault_table.py check build/$(preset)/tried docs/faults.md

fault-table:  ## rewrite the table of docs/faults.md from what `make check` and `make check-long` have tried
	@scripts/fault_table.py write build/$(preset)/tried docs/faults.md

docs: build  ## rewrite the tables of docs/job-file.md from the keys that the program reads
	@build/$(preset)/tests/docs/job_page write docs/job-file.md

examples:  ## the worked examples of docs/extending in a copy of the sources: patched, built, tried; minutes
	@scripts/examples.py build . build/examples

bundle: build  ## a folder (and an archive of it) that runs on another machine, with gpu-acceptance.sh in it
	@scripts/bundle.sh build/$(preset) build/bundle

package: build  ## Debian packages in build/package: headsweep, and headsweep-cuda where the plugin was built
	@rm -rf build/package
	@cpack --config build/$(preset)/CPackConfig.cmake -B build/package >build/package.log 2>&1 || { cat build/package.log >&2; exit 1; }
	@rm -rf build/package/_CPack_Packages build/package.log
	@ls build/package/*.deb

package-check: tools package  ## whether they serve in a clean root of Debian, which is made for it (needs root)
	@scripts/package_test.sh build/package

format-check:  ## whether clang-format would change anything
	@if command -v $(clang_format) >/dev/null; then \
	  $(sources) | xargs -0 $(clang_format) --dry-run -Werror --ferror-limit=1 && echo "format: as .clang-format has it"; \
	elif [ "$${HEADSWEEP_REQUIRE_TOOLS:-0}" = 1 ]; then \
	  echo "format: FAILED, $(clang_format) is not installed" >&2; exit 1; \
	else \
	  echo "format: SKIPPED, $(clang_format) is not installed (scripts/install_packages.sh --with-tools)"; \
	fi

tidy: tools build  ## clang-tidy over all sources, two at a time; folders=io: over those of a folder
	@scripts/tidy.sh build/$(preset) $(clang_tidy) $(folders)

cppcheck: tools build  ## cppcheck over the program's sources
	@scripts/cppcheck.sh build/$(preset)

sanitize: tools build/sanitize/build.ninja  ## the unit tests under the address and undefined-behaviour sanitizers; skip=golden: not these
	@cmake --build --preset sanitize $(quiet)
	@OMP_WAIT_POLICY=passive ctest --preset sanitize --parallel 2 $(if $(skip),--exclude-regex '$(skip)')

threads: tools build/threads/build.ninja  ## what threads share under the thread sanitizer: tests, and a job
	@cmake --build --preset threads --target tests_of_threads $(quiet)
	@ctest --preset threads

memcheck: tools build  ## four ranks under valgrind
	@scripts/memcheck.sh build/$(preset)

mutants: tools  ## whether the tests find mistakes made by hand (tests/mutants); minutes
	@scripts/mutants.py . build/mutants

coverage: tools build/coverage/build.ninja  ## how many lines of io, model and pipeline the tests run; list in build/coverage
	@cmake --build --preset coverage $(quiet)
	@scripts/coverage.sh build/coverage

fuzzers: tools build/sanitize/build.ninja
	@cmake --build --preset sanitize --target fuzzers $(quiet)

fuzz: fuzzers  ## each parser's fuzzer for 20 minutes (`make fuzz seconds=60`): tests/fuzz/README.md
	@scripts/fuzz.sh build/sanitize $(seconds)

fuzz-short: fuzzers  ## each parser's fuzzer for twenty seconds
	@scripts/fuzz.sh build/sanitize 20

format:  ## rewrite the sources as .clang-format has it
	@$(sources) | xargs -0 $(clang_format) -i

clean:  ## delete the build trees and the program, never a run file
	@rm -rf build

# Ninja configures again by itself when a CMakeLists.txt changes, but not when the presets do.
build/%/build.ninja: CMakePresets.json
	@echo "configuring build/$*"
	@cmake --preset $* >/dev/null
	@touch $@
