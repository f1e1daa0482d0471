# Caracal, from a checkout. `make` alone lists the targets.

CARGO    ?= cargo
TARGET   := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
# What people try is compiled quickly, what they deploy is compiled well (see the profiles in Cargo.toml).
CARACAL  := $(TARGET)/trial/caracal
PREFIX   ?= $(if $(filter 0,$(shell id -u)),/usr/local,$(HOME)/.local)
E2E_VENV := $(TARGET)/e2e-venv

# Stamped into `caracal version`.
export CARACAL_BUILD_SHA ?= $(shell git rev-parse --short HEAD 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help up down install package handbook dev-production dev-production-down build test alerts-check chart-check cloud-check cloud-interfaces workflows-check console-check console-e2e console-e2e-production test-busy test-long test-compose test-kubernetes lint check conformance e2e schema-fuzz fuzz drills bench bench-command bench-production bench-isolation bench-sessions measure-ledger measure-evidence measure-zone measure-replay docs deny

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

up: ## Build, start the stack in the background, print where everything is
	@scripts/require.sh rust
	@scripts/require.sh disk 3
	scripts/console.sh build
	$(CARGO) build --profile trial --locked -p caracal -p caracald
	@if $(CARACAL) status --ready >/dev/null 2>&1; then \
	  echo "already running; \`make down\` first to restart with the new build"; $(CARACAL) status --ready; \
	else \
	  $(CARACAL) up; \
	fi
	@echo
	@scripts/first-call.sh --hint

down: ## Stop the stack; its state stays
	@test -x $(CARACAL) || { echo "nothing is built here, so nothing was started from here"; exit 0; }; $(CARACAL) down

dev-production: build ## The production deployment here: PostgreSQL, Redis, a process for each role; Ctrl-C stops it
	scripts/dev-production.sh up $(TARGET)/release

dev-production-down: ## Stop it from elsewhere; its state stays
	scripts/dev-production.sh down

install: build ## Put caracal and caracald into PREFIX/bin (/usr/local for root, else ~/.local)
	install -d "$(PREFIX)/bin"
	install -m 755 $(TARGET)/release/caracal $(TARGET)/release/caracald "$(PREFIX)/bin"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo "$(PREFIX)/bin is not on your PATH: export PATH=\"$(PREFIX)/bin:\$$PATH\"" ;; esac

build:
	@scripts/require.sh rust
	scripts/console.sh build
	$(CARGO) build --release --locked -p caracal -p caracald

# What everything that must hold consists of: in this order what keeps every core busy, then what spawns the binaries that the
# suite made and mostly waits, TEST_JOBS at a time.
HOLDS := lint workflows-check alerts-check console-check chart-check cloud-check test-suite test-fuzz
SPAWNS := test-console test-handbook test-engine test-install test-cloud
TEST_JOBS ?= 1
.PHONY: $(HOLDS) $(SPAWNS)

# One failure must not hide what the tests after it would say.
test: ## Everything that must hold: lint, the console, the chart, every test of the workspace, the handbook, the browser, both Compose files
	@scripts/require.sh disk 15
	@held=0; \
	$(MAKE) --no-print-directory --keep-going --jobs=1 $(HOLDS) || held=1; \
	$(MAKE) --no-print-directory --keep-going --jobs=$(TEST_JOBS) $(SPAWNS) || held=1; \
	exit $$held

test-suite:
	scripts/console.sh build
	scripts/test.py

test-fuzz:
	scripts/fuzz.sh 8

test-handbook:
	@scripts/require.sh age
	scripts/handbook.py run $(TARGET)/debug

# And of the production deployment what differs there: signing in and out, and every way over two replicas.
test-console:
	@held=0; \
	scripts/console-e2e.sh $(TARGET)/debug || held=1; \
	E2E_DEPLOYMENT=production scripts/console-e2e.sh $(TARGET)/debug 1-first 2-kill 7-sign 9990-replicas || held=1; \
	exit $$held

test-install:
	scripts/test-install.sh $(TARGET)/debug

test-cloud:
	scripts/cloud.sh configurations $(TARGET)/debug

test-engine:
	scripts/test-compose.sh $(TARGET)/debug

package: build ## An archive and a Debian package of this machine's kind, in target/package
	scripts/package.sh archive $(TARGET)/release $(TARGET)/package/caracal-$(shell uname -s | tr A-Z a-z)-$(shell uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/').tar.gz
	! command -v dpkg-deb >/dev/null || scripts/package.sh deb $(TARGET)/release $(TARGET)/package/caracal.deb

test-compose: ## Both Compose files on a Docker Engine, one of its own where none answers (Debian, root; 4 minutes)
	@scripts/require.sh rust
	$(CARGO) build --release --locked -p caracald
	CARACAL_REQUIRE_ENGINE=1 scripts/test-compose.sh $(TARGET)/release

test-kubernetes: ## The chart on a Kubernetes of one node, made here (Debian, root, Go; half an hour the first time, then 12 minutes)
	@scripts/require.sh rust
	$(CARGO) build --release --locked -p caracald
	scripts/test-kubernetes.sh $(TARGET)/release

handbook: ## Type the commands of the handbook, page by page, each with a stack and a network of its own (2 minutes)
	@scripts/require.sh rust
	@scripts/require.sh servers
	@scripts/require.sh age
	$(CARGO) build --locked -p caracal -p caracald
	scripts/e2e-venv.sh $(E2E_VENV)
	scripts/handbook.py run $(TARGET)/debug

alerts-check: ## Each alert fires on what it is for and stays silent on what it is not for
	@scripts/require.sh promtool
	promtool test rules infra/observability/alerts.test.yml

chart-check: ## The Helm chart without a cluster: every profile against the API's types, what may never be, each unsafe value
	scripts/chart.sh test

cloud-check: ## The OpenTofu modules and the manifests of container platforms, without a cloud: what must hold, what must be refused
	scripts/cloud.sh test

cloud-interfaces: ## The same against what the platforms' published interfaces and the providers take (fetches 1 GB)
	scripts/cloud.sh interfaces
	scripts/cloud.sh providers

workflows-check: ## The workflows that build and release: their words, expressions and permissions
	scripts/workflows.sh

console-e2e: ## The console in a real browser, on a stack of its own (5 minutes)
	scripts/console.sh build
	$(CARGO) build --locked -p caracald
	scripts/console-e2e.sh $(TARGET)/debug

console-e2e-production: ## The same with a process for each role over a PostgreSQL and a Redis of its own, and the Rust that the console shows (8 minutes)
	@scripts/require.sh rust
	@scripts/require.sh servers
	scripts/console.sh build
	$(CARGO) build --locked -p caracald
	E2E_DEPLOYMENT=production E2E_CARGO=1 scripts/console-e2e.sh $(TARGET)/debug

console-check: ## Types, lint and tests of what runs in the browser
	scripts/console.sh check

test-long: ## What takes minutes and is no part of `make test`: ten thousand zones far from their storage, writes cut at every step
	@scripts/require.sh rust
	@scripts/require.sh servers
	$(CARGO) test --locked -p caracal-service --lib zones::tests::far -- --include-ignored --nocapture --test-threads 1
	$(CARGO) test --locked -p caracal-api --test api cuts:: -- --include-ignored --nocapture --test-threads 1
	CARACAL_TEST_SEED=random $(CARGO) test --locked -p caracal-api --test api bodies:: -- --nocapture

test-busy: ## The whole suite ten times while every core is busy with something else (RUNS=10; hours)
	@scripts/require.sh rust
	@scripts/require.sh servers
	scripts/busy.sh $(or $(RUNS),10)

fuzz: ## Every parser of untrusted bytes, ten minutes each, a target on each core (SECONDS=600; 80 minutes on two cores)
	@scripts/require.sh rust
	scripts/fuzz.sh $(or $(SECONDS),600)

lint: ## Formatting, clippy, import circles, closed answers, OpenAPI, links of the handbook, dependencies: unused ones, licences, advisories
	@scripts/require.sh rust
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	@$(CARGO) metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null || { echo "fuzz/Cargo.lock is behind the workspace: cargo metadata --manifest-path fuzz/Cargo.toml >/dev/null" >&2; exit 1; }
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	scripts/check-import-circles.py
	scripts/check-closed-answers.py
	scripts/check-environment.py
	scripts/check-type-names.py
	scripts/check-file-length.py
	scripts/openapi-lint.sh $(TARGET)/openapi-lint
	scripts/check-doc-links.py
	scripts/handbook.py check
	scripts/alerts.py check
	scripts/api_reference.py check
	scripts/dashboards.py check
	@scripts/require.sh machete
	$(CARGO) machete --skip-target-dir
	@scripts/deny.sh

check: ## Does it compile
	@scripts/require.sh rust
	$(CARGO) check --workspace --all-targets --locked

conformance: ## Every store and bus against the suite of its trait
	@scripts/require.sh rust
	$(CARGO) test --locked -p caracal-storage -p caracal-storage-sql -p caracal-events

e2e: build ## The real binaries: governed calls, refusals, crashes, the published clients
	scripts/e2e-venv.sh $(E2E_VENV)
	scripts/e2e.sh $(TARGET)/release $(E2E_VENV)/bin/python
	$(CARGO) test --locked -p caracal-e2e

schema-fuzz: ## Ask every role at length whether it does what its OpenAPI document says (EXAMPLES=100; an hour)
	@scripts/require.sh rust
	@scripts/require.sh servers
	CARACAL_FUZZ_EXAMPLES=$(or $(EXAMPLES),100) $(CARGO) test --locked -p caracal-e2e --test e2e documents:: -- --nocapture --test-threads 2

drills: ## Let each part of a production deployment fail under load; writes the table of the handbook (25 minutes)
	@scripts/require.sh rust
	@scripts/require.sh servers
	$(CARGO) run --locked -p caracal-e2e --example drills -- --write docs/src/operate/drills.md

bench: ## Measure starting, governed calls and revocation, with daemons of its own
	@scripts/require.sh rust
	$(CARGO) build --release --locked -p caracald -p caracal-bench
	$(TARGET)/release/caracal-bench all --spawn $(TARGET)/release/caracald

bench-command: ## How long `caracal up`, `status` and the like take
	@scripts/require.sh rust
	$(CARGO) build --release --locked -p caracal -p caracald -p caracal-bench
	$(TARGET)/release/caracal-bench command --caracal $(TARGET)/release/caracal

bench-isolation: ## What a governed call of one zone takes while another zone does its worst
	@scripts/require.sh rust
	$(CARGO) build --release --locked -p caracald -p caracal-bench
	$(TARGET)/release/caracal-bench isolation --spawn $(TARGET)/release/caracald

bench-sessions: ## Sessions of one zone that are started and ended a second, and the first call of a new application
	@scripts/require.sh rust
	$(CARGO) build --release --locked -p caracald -p caracal-bench
	$(TARGET)/release/caracal-bench sessions --spawn $(TARGET)/release/caracald

bench-production: ## The same calls with a process for each role, over a PostgreSQL and a Redis of its own
	@scripts/require.sh rust
	@scripts/require.sh servers
	$(CARGO) build --release --locked -p caracald -p caracal-bench
	scripts/bench-production.sh $(TARGET)/release

EVENTS ?= 1000000
RESOURCES ?= 100000
DECISIONS ?= 1000000
APPLICATIONS ?= 10000

measure-ledger: ## Fill a ledger of EVENTS events on both databases, and write what it takes, finds and verifies into the handbook
	@scripts/require.sh rust
	@scripts/require.sh servers
	EVENTS=$(EVENTS) PAGE=$(CURDIR)/docs/src/operate/performance.md $(CARGO) test --release --locked -p caracal-audit --test measure -- --ignored --nocapture ledger

measure-zone: ## What a zone with RESOURCES resources and APPLICATIONS applications costs on PostgreSQL
	@scripts/require.sh rust
	@scripts/require.sh servers
	RESOURCES=$(RESOURCES) APPLICATIONS=$(APPLICATIONS) $(CARGO) test --release --locked -p caracal-api --test api -- --ignored --nocapture scale::

measure-replay: ## What it takes to make DECISIONS recorded decisions again with another policy, on both databases
	@scripts/require.sh rust
	@scripts/require.sh servers
	DECISIONS=$(DECISIONS) $(CARGO) test --release --locked -p caracal-api --test api -- --ignored --nocapture a_replay_of_many_decisions

measure-evidence: ## What all the evidence of a governed call costs by itself
	@scripts/require.sh rust
	$(CARGO) test --release --locked -p caracal-audit --test measure -- --ignored --nocapture evidence_of_a_call

docs: ## Build the handbook into docs/book
	@scripts/require.sh mdbook
	mdbook build docs

deny: ## Licences, sources, bans, advisories
	@scripts/deny.sh
