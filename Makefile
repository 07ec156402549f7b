# Development tasks of ticketlockd. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

BUILD_PACKAGES := libmicrohttpd-dev libuv1-dev libsimdjson-dev libsystemd-dev libyaml-dev libhiredis-dev \
	libgnutls28-dev liblmdb-dev pkg-config g++
TEST_PACKAGES := chromium curl gnutls-bin golang-go openjdk-17-jre-headless openssl procps python3-venv systemd
# Servers of the tests, which start them by themselves.
TEST_SERVER_PACKAGES := redis-server nginx-light haproxy
FUZZ_PACKAGES := dpkg-dev xz-utils
CHECK_PACKAGES := lua-check
DEB_PACKAGES := debhelper lintian python3
SYSTEMD_PACKAGES := debootstrap systemd-container python3
BENCH_PACKAGES := redis-server etcd-server poolcounter valgrind binutils python3
PYTHON_PACKAGES := prometheus-client==0.26.0 openapi-spec-validator==0.9.0 schemathesis==4.32.5 redis==4.6.0 \
	httpx==0.28.1 openapi-python-client==0.29.1 openapi-generator-cli==7.26.0
# Whose own lock store the tests run beside ours.
RASA := rasa==3.6.21
PYTHON := /usr/bin/python3
VENV := .build/venv
JOBS := $(shell nproc)
SWIFT_MAJOR := 6
SWIFT_MINOR := 2
SWIFT_NEEDED := $(SWIFT_MAJOR).$(SWIFT_MINOR) or later
C_WARNINGS := -fsyntax-only -Wall -Wextra -Werror
# Of which scripts are put together as LockScripts.swift does.
SCRIPTS := Sources/RedisLockStore/Scripts
BINARY := .build/release/ticketlockd
DESTDIR :=
PREFIX := /usr
UNIT_FOLDER = $(PREFIX)/lib/systemd/system
BENCH_CFLAGS := -std=c11 -O2 -Wall -Wextra -Werror

say = printf '==> %s\n'

# The shell commands that install what `dpkg-query` says is missing of the packages $(1). When $(2) is given, the
# services that come with them are started neither now nor at the next boot: policy-rc.d says no for a while.
define install_packages
if ! command -v dpkg-query >/dev/null; then
	$(say) "Not a Debian system: please see to the equivalents of $(1) yourself"
	exit 0
fi
missing=
for package in $(1); do
	status=$$(dpkg-query --show --showformat='$${db:Status-Status}' "$$package" 2>/dev/null || true)
	[ "$$status" = installed ] || missing+=" $$package"
done
if [ -n "$$missing" ]; then
	if [ "$$(id -u)" = 0 ]; then
		as_root=
	elif command -v sudo >/dev/null; then
		as_root=sudo
	else
		echo "Debian packages are missing, and there is neither root nor sudo to install them. As root:" >&2
		echo "    apt-get install$$missing" >&2
		exit 1
	fi
	$(say) "Installing Debian packages:$$missing"
	policy=/usr/sbin/policy-rc.d
	if [ -n "$(2)" ] && [ ! -e "$$policy" ]; then
		trap '$$as_root rm -f "$$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' | $$as_root tee "$$policy" >/dev/null
		$$as_root chmod +x "$$policy"
	fi
	$$as_root apt-get update -qq
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing
	if [ -n "$(2)" ] && command -v systemctl >/dev/null; then
		dpkg --listfiles $$missing | sed -n 's|.*/systemd/system/\([^/]*\.service\)$$|\1|p' | sort -u |
			$$as_root xargs --no-run-if-empty systemctl disable --quiet
	fi
fi
endef

# The shell commands that run the tests, built with the options $(1). Those that live by the real time have the machine
# to themselves.
define run_tests
status=0
$(say) "Running the tests"
swift test --skip-build --disable-xctest $(1) --skip LockStoreTests --skip TicketLockTests || status=1
$(say) "Running the tests that keep the processor busy"
for busy in '^TicketLockTests[.]' '^LockStoreTests[.]'; do
	swift test --skip-build --disable-xctest $(1) --filter "$$busy" || status=1
done
$(say) "Running the tests that live by the real time"
swift test --skip-build --disable-xctest $(1) --filter RedisLockStoreTests || status=1
exit $$status
endef

.PHONY: simulate help run build deps deps-test swift-version venv rasa test test-chaos test-kills test-sanitizers test-thread
.PHONY: test-address deps-check deps-fuzz fuzz symbolic-library
.PHONY: check format clean deps-bench bench-programs bench install deps-deb deb deps-systemd test-systemd
.ONESHELL:

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) |
		while IFS='|' read -r target text; do printf 'make %-16s %s\n' "$$target" "$$text"; done

run: build ## Build a release and start the daemon with config/ticketlockd.yaml
	@$(say) "Starting ticketlockd (stop it with Ctrl-C)"
	exec .build/release/ticketlockd --config config/ticketlockd.yaml

build: deps swift-version ## Build the daemon as a release, the Swift library linked in
	@$(say) "Building ticketlockd"
	swift build -c release --product ticketlockd --static-swift-stdlib -j $(JOBS)

deps: ## Install the Debian packages that the build needs and lacks
	@$(call install_packages,$(BUILD_PACKAGES))

deps-test: deps
	@$(call install_packages,$(TEST_PACKAGES))
	$(call install_packages,$(TEST_SERVER_PACKAGES),without their services)

swift-version:
	@if ! command -v swift >/dev/null; then
		echo "swift is not on the PATH: install Swift $(SWIFT_NEEDED) (swift.org/install)" >&2
		exit 1
	fi
	version=$$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
	major=$${version%%.*} minor=$${version#*.}
	if (( $${major:-0} < $(SWIFT_MAJOR) || ($${major:-0} == $(SWIFT_MAJOR) && $${minor:-0} < $(SWIFT_MINOR)) )); then
		echo "Swift $${version:-of an unknown version} is too old: $(SWIFT_NEEDED) is needed" >&2
		exit 1
	fi

venv: deps-test
	@stamp="$(VENV)/installed"
	if [ "$$(cat "$$stamp" 2>/dev/null)" != "$(PYTHON_PACKAGES)" ]; then
		$(say) "Preparing the Python environment of the tests"
		$(PYTHON) -m venv --clear $(VENV)
		$(VENV)/bin/python3 -m pip install --quiet --disable-pip-version-check $(PYTHON_PACKAGES)
		echo "$(PYTHON_PACKAGES)" > "$$stamp"
	fi

# Two files of Rasa's, out of its package for a Python that it knows; the rest of Rasa is not needed.
rasa: venv
	@if [ "$$(cat .build/rasa/installed 2>/dev/null)" != "$(RASA)" ]; then
		$(say) "Fetching Rasa's lock store"
		rm -rf .build/rasa
		mkdir -p .build/rasa
		$(VENV)/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps \
			--ignore-requires-python --python-version 3.10 --only-binary=:all: --dest .build/rasa $(RASA)
		$(VENV)/bin/python3 -m zipfile --extract .build/rasa/rasa-*.whl .build/rasa/wheel
		mkdir -p .build/rasa/rasa/core
		mv .build/rasa/wheel/rasa/core/lock.py .build/rasa/wheel/rasa/core/lock_store.py .build/rasa/rasa/core/
		rm -rf .build/rasa/wheel .build/rasa/rasa-*.whl
		echo "$(RASA)" > .build/rasa/installed
	fi

# A library on which the project's functions have no hold; without a source package there is none, and its test says so.
symbolic-library: deps-fuzz
	@Tests/Fuzz/libmicrohttpd.sh symbolic || $(say) "Going on without it"

test: deps-test swift-version rasa symbolic-library ## Set up and run the whole test suite
	@$(say) "Building the tests"
	swift build --build-tests -j $(JOBS)
	$(call run_tests,)

test-chaos: deps-test swift-version ## Run several daemons on one Redis for two minutes, all failing (TIMES=10 for more)
	@$(say) "Building the tests"
	swift build --build-tests -j $(JOBS)
	for ((time = 1; time <= $${TIMES:-1}; time++)); do
		$(say) "Two minutes of chaos, $$time of $${TIMES:-1}"
		TICKETLOCKD_TEST_CHAOS_SECONDS=120 swift test --skip-build --disable-xctest --filter DaemonSuite/Chaos
	done

test-kills: deps-test swift-version ## Kill a daemon with state on disk 200 times under load, in each mode (KILLS=)
	@$(say) "Building the tests"
	swift build --build-tests -j $(JOBS)
	$(say) "Killing: some three minutes"
	TICKETLOCKD_TEST_KILLS=$${KILLS:-200} swift test --skip-build --disable-xctest --filter DaemonSuite/Killed

test-sanitizers: test-thread test-address ## Run the suite built with the thread and the address sanitizer

# The thread sanitizer reports threads of the tests as leaked that pthread_join has been called for; only races count.
test-thread: export TSAN_OPTIONS := suppressions=$(CURDIR)/Tests/tsan.supp:report_thread_leaks=0
test-address: export LSAN_OPTIONS := suppressions=$(CURDIR)/Tests/lsan.supp:print_suppressions=0
test-thread test-address: test-%: deps-test swift-version rasa
	@export SANITIZER=$*
	$(say) "Building the tests with the $* sanitizer"
	swift build --build-tests --sanitize=$* --scratch-path .build/sanitize-$* -j $(JOBS)
	$(call run_tests,--sanitize=$* --scratch-path .build/sanitize-$*)

deps-fuzz: deps
	@$(call install_packages,$(FUZZ_PACKAGES))

fuzz: deps-fuzz swift-version ## Fuzz for a minute (DURATION=3600 for more, ONLY=http, SEED=1, ONLY=http REPLAY=FILE)
	@Tests/Fuzz/run.sh

simulate: deps swift-version ## Simulate clients, clocks and a failing disk for a minute (DURATION=3600, SEED=1, STEPS=1,2,5)
	@swift build -c release --product simulate -j $(JOBS)
	.build/release/simulate $(if $(DURATION),--seconds $(DURATION)) $(if $(SEED),--seed $(SEED)) \
		$(if $(STEPS),--steps $(STEPS))

# An edited configuration stays as it is. The units name the folder that the daemon is put in.
install: ## Install what `make build` has built (DESTDIR=, PREFIX=/usr)
	@if [ ! -x $(BINARY) ]; then
		echo "There is no $(BINARY): run make build first" >&2
		exit 1
	fi
	umask 022
	root="$(DESTDIR)" prefix="$(DESTDIR)$(PREFIX)" units="$(DESTDIR)$(UNIT_FOLDER)"
	$(say) "Installing to $$prefix"
	install -D -m 755 $(BINARY) "$$prefix/bin/ticketlockd"
	if [ ! -e "$$root/etc/ticketlockd/ticketlockd.yaml" ]; then
		install -D -m 644 config/ticketlockd.yaml "$$root/etc/ticketlockd/ticketlockd.yaml"
		# The StateDirectory= of the service.
		sed -i 's|state_directory: ""|state_directory: /var/lib/ticketlockd|' "$$root/etc/ticketlockd/ticketlockd.yaml"
	fi
	install -d "$$units" "$$prefix/share/man/man8" "$$prefix/share/man/man5" \
		"$$prefix/share/bash-completion/completions"
	for unit in systemd/*.service systemd/*.socket; do
		sed 's|/usr/bin/ticketlockd|$(PREFIX)/bin/ticketlockd|' "$$unit" > "$$units/$$(basename "$$unit")"
	done
	for page in man8/ticketlockd.8 man5/ticketlockd.yaml.5; do
		$(PYTHON) config/man/manual.py "config/man/$${page#*/}" $(BINARY) config/ticketlockd.yaml |
			gzip -9n > "$$prefix/share/man/$$page.gz"
	done
	$(BINARY) --generate-completion-script bash | sed 1d > "$$prefix/share/bash-completion/completions/ticketlockd"
	install -D -m 644 -t "$$prefix/share/doc/ticketlockd" README.md CHANGELOG.md LICENSE
	install -D -m 644 -t "$$prefix/share/doc/ticketlockd/examples" config/nginx/* config/haproxy/*

deps-deb: deps
	@$(call install_packages,$(DEB_PACKAGES))

deb: deps-deb build ## Build a Debian package and check it with lintian
	@$(say) "Building the Debian package"
	systemd/debian/build.sh .build/deb

deps-systemd:
	@$(call install_packages,$(SYSTEMD_PACKAGES))

test-systemd: deps-systemd deb ## Test the package in a container that boots systemd (as root)
	@$(say) "Testing the package under systemd"
	Tests/Systemd/run.sh .build/deb/ticketlockd_*.deb

deps-bench: deps
	@$(call install_packages,$(BENCH_PACKAGES),without their services)

bench-programs: deps
	@mkdir -p .build/benchmarks
	cc $(BENCH_CFLAGS) -o .build/benchmarks/ticketload Tests/Benchmarks/load/*.c
	cc $(BENCH_CFLAGS) -o .build/benchmarks/floor Tests/Benchmarks/floor/floor.c -lmicrohttpd
	cc $(BENCH_CFLAGS) -o .build/benchmarks/park_floor Tests/Benchmarks/floor/park_floor.c -lmicrohttpd

bench: deps-bench build bench-programs ## Measure against floor and peers (ONLY=row,row for some, QUICK=1)
	@$(say) "Measuring (some twenty minutes; keep the machine quiet)"
	$(PYTHON) Tests/Benchmarks/bench.py

deps-check: deps
	@$(call install_packages,$(CHECK_PACKAGES))

check: deps-check swift-version ## Check format, white space, and C and Lua for warnings
	@$(say) "Checking the format of Swift files"
	swift format lint --strict --parallel --recursive Package.swift Sources Tests
	$(say) "Checking white space"
	files=$$(find . \( -name .build -o -name .git \) -prune -o -type f \
		\( -name '*.swift' -o -name '*.[ch]' -o -name '*.cpp' -o -name '*.md' -o -name '*.lua' -o -name '*.y*ml' \
		-o -name '*.json' -o -name '*.py' -o -name '*.service' -o -name '*.socket' -o -name '*.sh' -o -name '*.[58]' \) -print)
	if grep -nP '\t|\r|[ ]+$$' $$files; then
		echo "Tabs, carriage returns or trailing spaces: see the lines above" >&2
		exit 1
	fi
	$(say) "Checking C and C++ for warnings"
	includes=$$(find Sources -type d -name include -printf '-I%p ')
	find Sources Tests -name '*.c' | while read -r file; do
		clang -std=c11 $(C_WARNINGS) $$includes "$$file"
	done
	find Sources -name '*.cpp' | while read -r file; do
		clang++ -std=c++17 $(C_WARNINGS) $$includes "$$file"
	done
	$(say) "Checking the Lua scripts for warnings"
	cd $(SCRIPTS)
	for operation in *.lua; do
		case "$${operation%.lua}" in
			head | reading | changing | *_at_once | *_reply) continue ;;
			take) at_once=take_at_once.lua ;;
			finish | clean_up) at_once=finish_at_once.lua ;;
			*) at_once= ;;
		esac
		case "$${operation%.lua}" in read | create) more=lock_reply.lua ;; *) more= ;; esac
		common="head.lua $$at_once reading.lua changing.lua"
		[ "$$operation" != ready.lua ] || common=
		cat $$common $$more "$$operation" |
			luacheck --formatter plain --config $(CURDIR)/.luacheckrc --filename "$$operation" -
	done

format: ## Format the Swift files
	@swift format --in-place --parallel --recursive Package.swift Sources Tests

clean: ## Remove everything that was built
	@rm -rf .build
