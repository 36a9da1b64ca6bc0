#!/bin/sh
# Proves that the agent builds for the machines of a fleet that are not Linux on x86-64, with nothing but Debian's
# packages and one from the Python registry (no rustup targets are needed):
#
#   aarch64-unknown-linux-gnu   (Raspberry Pi, ARM servers)  built, and run under qemu against a real aggregator
#   x86_64-pc-windows-gnu       (Windows)                    built and linked
#   aarch64-apple-darwin        (Mac)                        checked; linking needs Apple's own libraries
#
# Usage: deploy/cross.sh [arm] [windows] [mac]        (all three unless told)
set -eu
cd "$(dirname "$0")/.."

target_dir=${CARGO_TARGET_DIR:-$PWD/target}
cross_dir=$target_dir/cross
targets=${*:-arm windows mac}

say() { printf '\n== %s\n' "$*"; }

install_missing() {
    missing=
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    [ -z "$missing" ] && return
    command -v apt-get >/dev/null || { echo "these Debian packages are needed:$missing" >&2; exit 1; }
    say "installing Debian packages:$missing"
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    $root apt-get update -q
    # shellcheck disable=SC2086 # a list of names
    $root apt-get install -y --no-install-recommends $missing
}

# Debian's compiler knows every target; the standard library is built from its sources, which is an unstable feature
# that a stable compiler offers only when told to.
cross() { # cargo's command, target, then more
    command=$1
    target=$2
    shift 2
    env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$cross_dir" \
        nice cargo "$command" --locked -p muster-agent -Zbuild-std=std,panic_abort --target "$target" "$@"
}

build_arm() {
    say "ARM: building"
    install_missing gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    cross build aarch64-unknown-linux-gnu
    say "ARM: running under qemu"
    deploy/cross-run.sh "$cross_dir/aarch64-unknown-linux-gnu/debug/muster-agent" \
        qemu-aarch64 -L /usr/aarch64-linux-gnu
}

build_windows() {
    say "Windows: building and linking"
    install_missing gcc-mingw-w64-x86-64
    cross build x86_64-pc-windows-gnu
    ls -l "$cross_dir/x86_64-pc-windows-gnu/debug/muster-agent.exe"
}

# ring and zstd bring C code, which zig compiles for macOS on any machine. Cargo's build scripts pass clang's names of
# target and version; zig has its own.
build_mac() {
    say "macOS: checking"
    install_missing python3 python3-venv
    venv=$cross_dir/zig
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/python" -c 'import ziglang' 2>/dev/null || "$venv/bin/pip" install -q ziglang
    cat >"$cross_dir/zig-cc" <<WRAPPER
#!/bin/bash
arguments=()
while [ \$# -gt 0 ]; do
    case "\$1" in
        -arch) shift ;;
        --target=* | -mmacosx-version-min=*) ;;
        *) arguments+=("\$1") ;;
    esac
    shift
done
exec "$venv/bin/python" -m ziglang cc -target aarch64-macos "\${arguments[@]}"
WRAPPER
    chmod +x "$cross_dir/zig-cc"
    export CC_aarch64_apple_darwin="$cross_dir/zig-cc" AR_aarch64_apple_darwin=ar
    cross check aarch64-apple-darwin
}

install_missing rustc-web rust-web-src
mkdir -p "$cross_dir"
for target in $targets; do
    case $target in
        arm) build_arm ;;
        windows) build_windows ;;
        mac) build_mac ;;
        *) echo "unknown target $target; known: arm windows mac" >&2; exit 1 ;;
    esac
done
say "done: $targets"
