#!/bin/sh
# Checks the systemd units: no mistakes (systemd-analyze verify), and as closed as they claim to be
# (systemd-analyze security, 0 = fully closed, 100 = open).
set -eu
cd "$(dirname "$0")"

if ! command -v systemd-analyze >/dev/null; then
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        echo "installing the Debian package systemd for systemd-analyze"
        apt-get install -y --no-install-recommends systemd >/dev/null
    else
        echo "systemd-analyze is missing; install the package systemd" >&2
        exit 1
    fi
fi

# The programs need not be installed for the units to be checked: copies of the units name one that exists.
copies=$(mktemp -d)
trap 'rm -rf "$copies"' EXIT
for unit in ./*.service; do
    sed 's|^ExecStart=/usr/bin/[a-z-]*|ExecStart=/bin/true|' "$unit" >"$copies/$(basename "$unit")"
done

verify() { # unit, then options
    unit=$1
    shift
    # Some findings are only printed; any word about the unit is a failure.
    said=$(systemd-analyze verify --man=no "$@" "$copies/$unit" 2>&1) || true
    said=$(printf '%s\n' "$said" | grep -F "$unit" || true)
    if [ -n "$said" ]; then
        printf '%s\n' "$said" >&2
        exit 1
    fi
    echo "verified $unit"
}

exposure() { # unit, most exposure that is accepted
    systemd-analyze security --offline=true --threshold="$2" --no-pager "$copies/$1" | tail -n 1
}

verify muster-agent.service --user
verify muster-agent-system.service
verify muster.service
exposure muster-agent-system.service 25
exposure muster.service 25
# A user's service has fewer means; systemd-analyze also counts it as root here.
exposure muster-agent.service 70
