# The newcomer's door. Each target installs what it needs (Debian packages, DuckDB), builds and runs; nothing asks
# anything. For the daily work the presets are at hand: cmake --workflow --preset dev.

FUZZ_SECONDS ?= 60
# Of `make nightly`. PostgreSQL sees half of the kills.
NIGHTLY_FUZZ_SECONDS ?= 600
NIGHTLY_SEEDS ?= 1-200
NIGHTLY_KILLS ?= 600
# Extra arguments for the benchmark program or ctest.
ARGS ?=

.PHONY: help demo build test test-redshift lint fix bench compare fuzz asan tsan clang ci nightly install clean
.DEFAULT_GOAL := help

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: build ## Build it, then load an example into a DuckDB file and look at the tables
	tools/demo.sh

build: ## Build build/release/dray
	tools/setup build
	cmake --workflow --preset release

test: ## Build for development and run all tests
	tools/setup test
	cmake --preset dev
	cmake --build --preset dev
	ctest --preset dev $(ARGS)

test-redshift: ## Run the tests of loading on your own cluster: DRAY_TEST_REDSHIFT=redshift://...
	@test -n "$(DRAY_TEST_REDSHIFT)" || { echo "set DRAY_TEST_REDSHIFT to an address with staging=; see docs/redshift.md" >&2; exit 2; }
	tools/setup test
	cmake --preset dev
	cmake --build --preset dev --target dray
	DRAY=build/dev/dray DRAY_TEST_REDSHIFT='$(DRAY_TEST_REDSHIFT)' python3 tests/e2e/redshift_test.py -v

lint: ## Check format, layers, scripts and clang-tidy
	tools/setup lint
	tools/lint

fix: ## Let clang-format and the text check mend what they can
	tools/setup lint
	tools/lint format text --fix

bench: ## Measure the parts; each benchmark checks its answer
	tools/setup bench
	cmake --workflow --preset bench
	tools/bench $(ARGS)

compare: ## Dray beside DuckDB's own SQL and dlt, on the same events: build/compare.txt
	tools/setup bench test
	cmake --preset bench
	cmake --build --preset bench --target dray dray-gen
	python3 bench/compare/compare.py --out build/compare.txt $(ARGS)

fuzz: ## Fuzz each target for FUZZ_SECONDS=60
	tools/setup fuzz test
	cmake --preset asan
	cmake --build --preset asan
	tools/fuzz $(FUZZ_SECONDS)

asan: ## All tests under the address and undefined-behaviour sanitizers
	tools/setup fuzz test
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan $(ARGS)

tsan: ## The tests under the thread sanitizer
	tools/setup test
	cmake --preset tsan
	cmake --build --preset tsan
	tools/without-aslr ctest --preset tsan $(ARGS)

clang: ## All tests, built by clang
	tools/setup test fuzz
	cmake --workflow --preset clang

ci: ## Everything, as the continuous integration does it
	.ci/run

nightly: ## What takes hours: whole suites under the sanitizers, 200 seeds, 300 kills and more into each warehouse, long fuzzing
	$(MAKE) test asan tsan
	tools/setup test
	cmake --preset dev -DDRAY_DIFFERENTIAL_SEEDS=$(NIGHTLY_SEEDS) -DDRAY_KILLS=$(NIGHTLY_KILLS) -DDRAY_TEST_SECONDS=7200
	cmake --build --preset dev
	DRAY_FAULT_ONE_IN=1 DRAY_SCHEDULE_CASES=100000 ctest --preset dev -R 'kill|^differential|^fault'; code=$$?; \
	  cmake --preset dev -UDRAY_DIFFERENTIAL_SEEDS -UDRAY_KILLS -UDRAY_TEST_SECONDS >/dev/null; exit $$code
	$(MAKE) fuzz FUZZ_SECONDS=$(NIGHTLY_FUZZ_SECONDS)
	$(MAKE) compare

install: build ## Install under PREFIX=/usr/local
	cmake --install build/release --prefix "$(or $(PREFIX),/usr/local)"

clean: ## Remove what was built, keep DuckDB
	find build -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} +
