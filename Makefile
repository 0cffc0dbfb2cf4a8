# The front door. Two commands do everything on a fresh Debian or Ubuntu with Rust: `make demo` and `make test`.

.DEFAULT_GOAL := help
.PHONY: help demo test test-boot matrix storm fuzz lint bench doc build install prepare clean

INIT := target/x86_64-unknown-linux-gnu/release/firstlight-init
# Where the distribution has no package with Debian's installer, the demo boots the small Linux only.
HAS_INSTALLER = apt-cache show debian-installer-12-netboot-amd64 >/dev/null 2>&1

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

demo: ## install what is needed, build, boot three machines in an isolated lab
	@scripts/install-packages build demo
	@if $(HAS_INSTALLER); then scripts/install-packages installer; else echo "No Debian installer in this distribution: the demo boots the small Linux only."; fi
	@$(MAKE) --no-print-directory build
	@scripts/prepare-demo target/release/firstlight $(INIT)
	@if $(HAS_INSTALLER); then site=examples/demo; else site=examples/small-linux; fi; exec target/release/firstlight lab run $$site

test: ## install what is needed, lint, run every test, boot the three machines
	@scripts/install-packages build demo test
	@if $(HAS_INSTALLER); then scripts/install-packages installer; else echo "SKIPPED: boots into Debian's installer: this distribution has no package with it"; fi
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory prepare
	cargo test --workspace --locked

test-boot: ## the longer suite of booted machines
	@scripts/install-packages build demo test secure-boot
	@if $(HAS_INSTALLER); then scripts/install-packages installer; fi
	@$(MAKE) --no-print-directory prepare
	@$(MAKE) --no-print-directory prepare-arm64
	@$(MAKE) --no-print-directory prepare-live
	@scripts/prepare-secure-boot || echo "SKIPPED: Secure Boot by HTTP alone and in the matrix: Debian 13's GRUB cannot be had here"
	@scripts/debian-apt --mirror >/dev/null && scripts/prepare-installer
	cargo test --locked -p firstlight-tests --no-fail-fast -- --ignored

storm: ## a thousand simulated machines boot at once, with a table
	@scripts/install-packages build demo test
	cargo build --release --locked -p firstlight
	cargo test --release --locked -p firstlight-tests --test storm -- --include-ignored --nocapture --test-threads 1

matrix: ## boot every kind of firmware on every way, one after another, and show the times
	@scripts/install-packages build demo test secure-boot
	@$(MAKE) --no-print-directory prepare
	@$(MAKE) --no-print-directory prepare-arm64
	@scripts/prepare-secure-boot || true # scripts/matrix names the rows that are left out
	@scripts/matrix target/debug/firstlight

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/targets/*.rs)))

# Without a sanitizer, which makes it several times as fast, where there is next to no unsafe code to watch; under YAML there
# is much. What is found on the way stays out of the tree.
fuzz: ## every decoder with hostile input, FUZZ_SECONDS (60) each; FUZZ_TARGETS names some
	@command -v cargo-fuzz >/dev/null || { echo "needs cargo-fuzz and the nightly compiler: cargo install --locked cargo-fuzz; rustup toolchain install nightly"; exit 1; }
	@for target in $(FUZZ_TARGETS); do \
	  case $$target in butane|cloud_init) watch=address;; *) watch=none;; esac; \
	  mkdir -p target/fuzz/corpus/$$target && \
	  cargo +nightly fuzz run --sanitizer $$watch --target-dir target/fuzz/build/$$watch $$target target/fuzz/corpus/$$target fuzz/corpus/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=20 -verbosity=0 -print_final_stats=1 || exit 1; \
	done

lint: ## formatting, clippy, the dependency policy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; else echo "SKIPPED: cargo deny (cargo install cargo-deny)"; fi

bench: ## measure beside the usual servers
	@scripts/install-packages build demo test
	@$(MAKE) --no-print-directory build
	bench/run

doc: ## the code's own documentation
	cargo doc --workspace --no-deps --locked

build: $(INIT) ## build firstlight and firstlight-init, for use
	cargo build --release --locked -p firstlight

PREFIX ?= /usr/local
UNITS ?= /etc/systemd/system

install: ## put firstlight into PREFIX (/usr/local), with firstlight-init, systemd units and their user
	@scripts/install-packages build
	@$(MAKE) --no-print-directory build
	install -D -m 755 target/release/firstlight $(DESTDIR)$(PREFIX)/bin/firstlight
	install -D -m 755 $(INIT) $(DESTDIR)$(PREFIX)/lib/firstlight/firstlight-init
	install -d $(DESTDIR)$(UNITS)
	sed 's|/usr/bin/firstlight|$(PREFIX)/bin/firstlight|' packaging/firstlight.service >$(DESTDIR)$(UNITS)/firstlight.service
	install -m 644 packaging/firstlight.socket packaging/firstlight-http.socket $(DESTDIR)$(UNITS)/
	install -D -m 644 packaging/firstlight.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/firstlight.conf
	@if [ -z "$(DESTDIR)" ] && command -v systemd-sysusers >/dev/null; then systemd-sysusers; else echo "The service runs as the user firstlight: useradd --system firstlight"; fi

# What the tests boot, made with the debug build that they are about to use anyway.
prepare: $(INIT)
	cargo build --locked -p firstlight
	scripts/prepare-demo target/debug/firstlight $(INIT)

# Needs packages of Debian 13, from a Debian mirror: elsewhere what needs them is left out, and that is said.
.PHONY: prepare-arm64
prepare-arm64:
	@if scripts/debian-apt --mirror >/dev/null; then scripts/install-packages arm64 && scripts/prepare-arm64 target/debug/firstlight; fi

# Whole Debians that run from memory, where there is a mirror to make them from.
.PHONY: prepare-live
prepare-live:
	@if scripts/debian-apt --mirror >/dev/null; then scripts/install-packages live && scripts/prepare-live-root systemd curl udhcpc && scripts/prepare-cloud-init; fi

# Static, so that it runs in an initrd without any library. cargo decides whether there is anything to do.
.PHONY: $(INIT)
$(INIT):
	RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --target x86_64-unknown-linux-gnu -p firstlight-init

clean:
	cargo clean
	rm -rf examples/assets
