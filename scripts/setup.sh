#!/usr/bin/env bash
# Makes this machine able to build Muster (`setup.sh build`) or to run all its tests (`setup.sh test`).
# Looks first and installs only what is missing, so that a second call takes well under a second.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

missing=() # names of Debian packages
want() { missing+=("$1"); }

# --- what is missing -------------------------------------------------------------------------------------------

look_for_build_tools() {
  have cc || want gcc
  # gcc alone may come without the C library's headers, which the bundled SQLite and zstd need.
  if have cc && ! echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1; then want libc6-dev; fi
  if ! have cc; then want libc6-dev; fi
  have git || want git
  have node || want nodejs
  have npm || want npm
}

look_for_test_tools() {
  if ! browser >/dev/null; then
    # Ubuntu has Chromium only as a snap, which containers cannot install.
    if ! grep -qs '^ID=ubuntu' /etc/os-release; then
      want chromium
    else
      note "No Chromium by apt here: install Chromium or Chrome, or set CHROMIUM=/path/to/it, for the browser tests."
    fi
  fi
  if have fc-list && [ -n "$(fc-list :lang=zh-tw family | head -n1)" ]; then :; else want fonts-noto-cjk; fi
  postgres_binaries >/dev/null || want postgresql
  have ip || want iproute2
  have systemd-analyze || want systemd
  have curl || want curl
  have openssl || want openssl
  # Only the proof of the reverse-proxy recipe needs it, and installing it starts a server: not on a person's machine.
  if [ "${CI:-}" = true ] && ! have nginx; then want nginx-light; fi
}

postgres_binaries() {
  local folder
  for folder in /usr/lib/postgresql/*/bin; do
    if [ -x "$folder/initdb" ]; then echo "$folder" && return; fi
  done
  command -v initdb
}

# --- getting it ------------------------------------------------------------------------------------------------

install_missing() {
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! have apt-get; then
    die "these are missing on this machine: ${missing[*]} (names of the Debian packages)." \
      "Please install them with your system's package manager, then run the same command again."
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || die "these packages are missing: ${missing[*]}, and there is no sudo to install them with." \
      "As root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing with apt: ${missing[*]}"
  # RUNLEVEL=1: services that come with a package are not started now.
  apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -o Dpkg::Use-Pty=0 "$@"; }
  apt update || note "apt-get update failed; going on with the lists that are there."
  local log
  log=$(mktemp)
  hold_back_cluster
  if ! apt install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
    release_cluster
    tail -n 20 "$log" >&2
    die "apt could not install: ${missing[*]}" "Its last words are above; the whole of it is in $log"
  fi
  release_cluster
  rm -f "$log"
}

# The tests need PostgreSQL's programs, not a server that runs on this machine for ever: while the package is being
# set up it is told not to create its usual cluster. Later installations are not affected.
cluster_conf=/etc/postgresql-common/createcluster.d/muster-tests.conf
hold_back_cluster() {
  case " ${missing[*]} " in *" postgresql "*) ;; *) return 0 ;; esac
  "${as_root[@]}" mkdir -p "$(dirname "$cluster_conf")"
  echo 'create_main_cluster = false' | "${as_root[@]}" tee "$cluster_conf" >/dev/null
}
release_cluster() { "${as_root[@]}" rm -f "$cluster_conf"; }

# Debian 12 carries Node 18, which is too old for the web app's build. The same program is on the npm registry.
check_node() {
  local found
  found=$(node --version)
  found=${found#v}
  if at_least 20.19.0 "$found"; then return 0; fi
  local arch
  case "$(uname -sm)" in
    "Linux x86_64") arch=x64 ;;
    "Linux aarch64") arch=arm64 ;;
    *) die "Node $found is too old: the web app needs 20.19 or newer." "Get it from https://nodejs.org" ;;
  esac
  say "Node $found is too old for the web app (20.19 or newer): fetching Node $NODE_MAJOR_WANTED for this checkout"
  mkdir -p "$TOOLS/node"
  npm install --loglevel=error --no-audit --no-fund --prefix "$TOOLS/node" "node-linux-$arch@$NODE_MAJOR_WANTED" ||
    die "Node could not be fetched from the npm registry." "Install Node 20.19 or newer from https://nodejs.org, then run the same command again."
}

check_rust() {
  local wanted needs found
  wanted=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
  needs=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  if ! have cargo && [ -x "$HOME/.cargo/bin/cargo" ]; then
    die "Rust is installed in ~/.cargo but not in the PATH of this shell." "Run:  . ~/.cargo/env   and try again."
  fi
  have cargo || die "Rust is missing. Get it (as an ordinary user, one minute) with:" \
    "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y" \
    "or, on Debian 13 and Ubuntu 24.04 or newer:  sudo apt install rustup" \
    "then open a new shell and run the same command again. Rust $wanted is fetched by itself."
  found=$(cargo --version) || die "cargo does not start: the pinned Rust $wanted could not be fetched." \
    "Try:  rustup toolchain install $wanted --component rustfmt --component clippy"
  found=$(echo "$found" | awk '{print $2}')
  at_least "$needs" "$found" || die "Rust $found is too old: Muster needs $needs or newer ($wanted is what it is tested with)." \
    "With rustup:  rustup toolchain install $wanted"
  [ "$found" = "$wanted" ] || note "Rust $found instead of $wanted, which the tests are made with."
}

check_rust_components() {
  cargo fmt --version >/dev/null 2>&1 || die "rustfmt is missing." "With rustup:  rustup component add rustfmt"
  cargo clippy --version >/dev/null 2>&1 || die "clippy is missing." "With rustup:  rustup component add clippy"
}

# Licences and sources of the crates are checked with it. Without it the tests go on, and say that this was left out.
get_cargo_deny() {
  ! have cargo-deny || return 0
  say "Building cargo-deny $CARGO_DENY_WANTED for this checkout (about two minutes, once)"
  cargo install --quiet --locked --root "$TOOLS/cargo" "cargo-deny@$CARGO_DENY_WANTED" ||
    note "cargo-deny could not be built; licences will not be checked."
}

case "${1:-build}" in
  build)
    look_for_build_tools
    install_missing
    check_node
    check_rust
    ;;
  test)
    look_for_build_tools
    look_for_test_tools
    install_missing
    check_node
    check_rust
    check_rust_components
    get_cargo_deny
    ;;
  *) die "setup.sh knows: build, test" ;;
esac
