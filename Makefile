# The front door. `make help` lists every target. Variables of the stack (REPLICAS, GATEWAY_PORT, MINIO_PORT, STATE_DIR,
# CORS_ORIGINS, …; see deploy/local/README.md) are given on the command line or in the environment.

SHELL := /bin/sh
PYTHON ?= python3
export PYTHONPATH := $(CURDIR):$(CURDIR)/contracts:$(CURDIR)/clients/python:$(CURDIR)/clients/testing

# The interpreter with the packages of a lock; made when missing, found in a tenth of a second when not.
TOOLS = py=$$($(PYTHON) deploy/local/bootstrap.py stack) || exit 1;
DEV = py=$$($(PYTHON) deploy/local/bootstrap.py dev) || exit 1;
BENCH = py=$$($(PYTHON) deploy/local/bootstrap.py bench) || exit 1;
IMAGES = py=$$($(PYTHON) deploy/local/bootstrap.py images) || exit 1;
DOCS = py=$$($(PYTHON) deploy/local/bootstrap.py docs) || exit 1;

# The console program, of whose commands the targets are short forms.
CONSOLE = PYTHON="$(PYTHON)" exec ./docuvault

# An option of such a command, where its variable was given to make itself: many shells have a USER or a GROUP of their
# own. $(call given,--group,GROUP) is --group and its value, $(call flag,--dry-run,DRY_RUN) is --dry-run for DRY_RUN=1.
# The shell reads the value from its environment, where make puts it, so that quotes in it are only quotes.
asked = $(if $(filter command line,$(origin $(2))),$(1))
given = $(call asked,$(1) "$$$(2)",$(2))
flag = $(call asked,$(if $(filter 1,$($(2))),$(1)),$(2))
JSON_FLAG = $(call flag,--json,JSON)

# USER is the login's name in most shells: only the one on make's own command line is meant.
TOKEN_USER := $(if $(filter command line,$(origin USER)),$(USER))
ROLE ?= user
PROVISION ?= 1

DLQ_WHICH = $(call given,--group,GROUP) $(call given,--cause,CAUSE) $(call given,--reason,REASON) $(call given,--since,SINCE)
DLQ_DO = $(DLQ_WHICH) $(call given,--why,WHY) $(call flag,--dry-run,DRY_RUN) $(call flag,--again,AGAIN)
dlq_ids = $(if $(filter-out 1,$($(1))),$$$(1))
DLQ = $(or $(call asked,show "$$SHOW" $(call flag,--whole,WHOLE),SHOW), \
	$(call asked,replay $(call dlq_ids,REPLAY) $(DLQ_DO) $(call given,--wait,WAIT) $(call flag,--go-on,GO_ON),REPLAY), \
	$(call asked,discard $(call dlq_ids,DISCARD) $(DLQ_DO),DISCARD), \
	list $(DLQ_WHICH) $(call flag,--all,ALL) $(call flag,--each,EACH)) $(JSON_FLAG) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help demo observe trace traces alerts test lint up down status switchover standby cluster logs reset token audit explain sweep reconcile dlq offsets recover account rotate prove schema mutants faults bench eval growth simulate cost figures contracts docs images audit-deps secrets licences lock k8s

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: ## Shows the main job on real servers, step by step
	@$(CONSOLE) demo $(ARGS)

test: ## Runs the tests on servers of their own (ARGS="-k word" chooses)
	@$(DEV) "$$py" -m deploy.local provision --tests && exec "$$py" -m tests $(ARGS)

lint: ## Checks style, types, architecture, locks, generated contracts and the links of all Markdown
	@$(DEV) set -e; \
	"$$py" -m ruff check .; \
	"$$py" -m ruff format --check .; \
	"$$py" -m mypy services deploy contracts clients benchmarks tests; \
	"$$(dirname "$$py")/lint-imports"; \
	"$$py" -m deploy.local.locks --check; \
	"$$py" -m deploy.supply.licences --check; \
	"$$py" contracts/generate.py --check; \
	"$$py" -m deploy.docs.links; \
	"$$py" -m deploy.local.web check

up: ## Starts the stack, or what of it is missing (REPLICAS=3 of each service, STACK=containers in Docker)
	@$(CONSOLE) up $(ARGS)

down: ## Ends the stack; its data stays
	@$(CONSOLE) down $(ARGS)

status: ## Says how each process is
	@$(CONSOLE) status $(ARGS)

switchover: ## Makes PostgreSQL's standby the primary, and the primary its standby (TO=postgres-2, FORCE=1)
	@$(CONSOLE) switchover $(call given,--to,TO) $(call flag,--force,FORCE) $(JSON_FLAG) $(ARGS)

standby: ## Says how PostgreSQL's standby is (GO_ON=1: writes wait for it no more; WAIT=1: they do; REBUILD=1: a new one)
	@$(CONSOLE) standby $(call flag,--go-on,GO_ON) $(call flag,--wait,WAIT) $(call flag,--rebuild,REBUILD) $(JSON_FLAG) $(ARGS)

logs: ## Shows the last log lines (SERVICE=upload of one, FOLLOW=1 goes on; TRACE=id those of one trace; DEBUG=1 logs more)
	@$(CONSOLE) logs --service "$(SERVICE)" $(if $(filter 1,$(FOLLOW)),--follow) $(call given,--trace,TRACE) $(call flag,--debug,DEBUG) $(ARGS)

reset: ## Ends the stack and removes its data, after asking (YES=1 answers)
	@$(CONSOLE) reset $(if $(filter 1,$(YES)),--yes) $(ARGS)

token: ## Prints an access token: make -s token USER=<uuid> ROLE=user|admin [PROVISION=0]
	@$(CONSOLE) token --user "$(TOKEN_USER)" --role "$(ROLE)" --provision "$(PROVISION)" $(ARGS)

audit: ## Proves that bucket, ledger and documents agree, to the byte (FIX=1 heals what can be healed)
	@$(CONSOLE) audit $(call flag,--fix,FIX) $(JSON_FLAG) $(ARGS)

offsets: ## Shows where consumer groups stand (ARGS="--group upload --to earliest" sets one elsewhere)
	@$(CONSOLE) offsets $(ARGS)

recover: ## Brings back out of Kafka what a restored PostgreSQL does not know (ARGS="--since 15m")
	@$(CONSOLE) recover $(ARGS)

sweep: ## Looks up now what was never decided, as the janitor does every half hour
	@$(CONSOLE) sweep $(JSON_FLAG) $(ARGS)

reconcile: ## Walks the bucket and shows what is not as it was decided (DRY_RUN=1, REMOVE_FOREIGN=1, ASK_ALL=1)
	@$(CONSOLE) reconcile $(call flag,--dry-run,DRY_RUN) $(call flag,--remove-foreign,REMOVE_FOREIGN) $(call flag,--ask-all,ASK_ALL) $(JSON_FLAG) $(ARGS)

dlq: ## Lists dead letters; SHOW=, REPLAY= or DISCARD=group/0/12-14, or =1 with GROUP= CAUSE= REASON= SINCE=, DRY_RUN=1
	@$(CONSOLE) dlq $(DLQ)

explain: ## Tells why an upload is stuck: DOC=<id>, KEY=<object key> or USER=<uuid>; FIX=1 moves it on where that is safe
	@$(CONSOLE) explain $(call given,--doc,DOC) $(call given,--key,KEY) $(call given,--user,USER) $(call flag,--fix,FIX) $(JSON_FLAG) $(ARGS)

account: ## Says who else has an account of Kafka; NAME=reports FILE=… writes how its clients come in
	@$(CONSOLE) account $(call asked,"$$NAME",NAME) $(call given,--file,FILE) $(JSON_FLAG) $(ARGS)

rotate: ## Changes keys while everything runs: KEYS="jwt minio postgres fernet kafka" or all; ARGS=--revoke ends the old at once
	@$(CONSOLE) rotate $(or $(KEYS),all) $(JSON_FLAG) $(ARGS)

observe: ## Runs Prometheus on the stack, with rules and alerts, until Ctrl-C (TRACES=1 a Collector, too; ARGS=--draw draws)
	@$(DEV) exec "$$py" -m deploy.observe $(call flag,--traces,TRACES) $(ARGS)

trace: ## Shows a trace that was collected by make observe TRACES=1 (ID=of the trace; else the last)
	@$(DEV) exec "$$py" -m deploy.observe --trace "$(or $(ID),last)" $(ARGS)

traces: ## Builds an OpenTelemetry Collector where it is not yet (3 min of a core), and runs the tests of traces through it
	@$(DEV) "$$py" -m deploy.local provision --tests && "$$py" -c 'from deploy.observe.__main__ import provide_collector; provide_collector()' && \
	  COLLECTOR=1 exec "$$py" -m pytest tests/stack/test_traces.py $(ARGS)

alerts: ## Builds Prometheus and promtool where they are not yet (6 min of a core), and runs the tests of the alerts
	@$(DEV) "$$py" -m deploy.local provision --tests && "$$py" -c 'from deploy.observe.__main__ import provide; provide()' && \
	  CLUSTER=all exec "$$py" -m pytest tests/unit/test_observe_promtool.py tests/faults/test_alerts.py \
	  tests/faults/test_cluster.py::test_an_alert_tells_of_a_broker_that_was_killed_until_it_has_all_again \
	  tests/faults/test_cluster.py::test_an_alert_tells_of_commits_that_wait_for_a_standby_that_hangs_and_ends_with_that \
	  tests/faults/test_outages.py::test_events_that_the_store_alone_cannot_tell_are_told_by_an_alert $(ARGS)

prove: ## Holds the ledger to its model over random histories (EXAMPLES=2000, SEED=number of an earlier run)
	@$(DEV) exec "$$py" -m tests.prove --examples "$(EXAMPLES)" --seed "$(SEED)"

schema: ## Holds the API to its OpenAPI with schemathesis, for longer than the tests do (EXAMPLES=40, SEED=number)
	@$(DEV) "$$py" -m deploy.local provision --tests && SCHEMA_EXAMPLES="$(or $(EXAMPLES),40)" SCHEMA_SEED="$(or $(SEED),1)" \
	  exec "$$py" -m pytest tests/stack/http/test_schema.py $(ARGS)

bench: ## Measures speed beside floors, on a stack of its own (ONLY=part of a line's name)
	@$(BENCH) exec "$$py" -m benchmarks --only "$(ONLY)" $(if $(filter 1,$(STRICT)),--strict) $(if $(filter 1,$(PROFILE)),--profile) $(ARGS)

eval: ## Measures how good the classification is, for docs/classification.md (ARGS=--fit fits its constants anew)
	@$(BENCH) exec "$$py" -m benchmarks.eval $(ARGS)

mutants: ## Applies deliberate faults, one by one, and proves that tests kill each (ONLY=part of a fault's name, or of its file's)
	@$(DEV) "$$py" -m deploy.local provision && exec "$$py" -m tests.mutants --only "$(ONLY)" $(ARGS)

faults: ## Breaks stacks under load, N times, and holds them to what clients were told (N=100, SEED=number of an earlier run)
	@$(DEV) "$$py" -m deploy.local provision --tests && exec "$$py" -m tests.campaign --faults "$(N)" \
	  $(if $(SEED),--seed "$(SEED)") $(if $(CHAPTER),--chapter "$(CHAPTER)") $(if $(ONLY),--only "$(ONLY)") $(ARGS)

cluster: ## Breaks three brokers, and a primary with its standby, in every way there is, under load (SECURE=1: with TLS; ARGS="-k hangs")
	@$(DEV) "$$py" -m deploy.local provision --tests && CLUSTER=all exec "$$py" -m pytest tests/faults/test_cluster.py $(ARGS)

k8s: ## Validates deploy/k8s, and applies it to a real API server, built the first time (SERVER=0 leaves that out)
	@$(DEV) exec "$$py" -m deploy.k8s check $(if $(filter 0,$(SERVER)),--no-server) $(ARGS)

growth: ## Measures the ledger from 10^3 to 10^7 reservations, for docs/scaling.md (keeps the large ones in build/)
	@$(BENCH) exec "$$py" -m benchmarks.growth $(ARGS)

simulate: ## Predicts from single steps how many uploads a second the stack takes, and drives it there (docs/scaling.md)
	@$(BENCH) exec "$$py" -m benchmarks.simulation $(ARGS)

cost: ## Measures what an upload costs of a core, by step and process, for docs/scaling.md (ARGS=--show writes nothing)
	@$(BENCH) exec "$$py" -m benchmarks.cost $(ARGS)

figures: ## Measures all that docs/ shows, on a quiet machine: bench, growth, cost, then simulate
	@$(MAKE) --no-print-directory bench
	@$(MAKE) --no-print-directory growth
	@$(MAKE) --no-print-directory cost
	@$(MAKE) --no-print-directory simulate

contracts: ## Generates and validates JSON Schemas, OpenAPI and AsyncAPI
	@$(DEV) exec "$$py" contracts/generate.py $(ARGS)

docs: ## Builds the documentation as a site, in build/site (SERVE=1 shows it at http://localhost:8001)
	@$(DOCS) exec "$$py" -m deploy.docs $(call flag,--serve,SERVE) $(ARGS)

audit-deps: ## Asks what is known against the packages of all locks and MinIO's modules; 3 says that a source was not reached
	@$(DEV) exec "$$py" -m deploy.supply.audit $(ARGS)

secrets: ## Looks for keys in the whole history (gitleaks, built once)
	@$(DEV) exec "$$py" -m deploy.supply.leaks $(ARGS)

licences: ## Writes docs/reference/licences.md from the locks
	@$(DEV) exec "$$py" -m deploy.supply.licences $(ARGS)

images: ## Builds the images that are outdated (ONLY="quota upload", FRESH=1, STANDIN=1 makes a base, MEASURE=1 measures all)
	@$(IMAGES) $(if $(filter 1,$(STANDIN)),"$$py" -m deploy.images standin &&) \
	  "$$py" -m deploy.images build $(ONLY) $(if $(filter 1,$(FRESH)),--fresh) $(ARGS)
	@$(if $(filter 1,$(MEASURE)),$(TOOLS) exec "$$py" -m deploy.containers.measure)

lock: ## Resolves requirements/*.in into *.lock (ARGS=--upgrade takes the newest)
	@$(TOOLS) exec "$$py" -m deploy.local.locks $(ARGS)
