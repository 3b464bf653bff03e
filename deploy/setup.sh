#!/bin/sh
# Bring what is missing: Debian packages, the virtual environment, fonts, translations. Run again, it does nothing twice.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- Debian packages -------------------------------------------------------------------------------------------------
command -v dpkg-query >/dev/null || stop "dpkg-query is missing: this needs Debian 12 (bookworm) or a child of it"
wanted=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' deploy/debian-packages.txt)
missing=''
for package in $wanted; do
    case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
        ii*) ;;
        *) missing="$missing $package" ;;
    esac
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ]; then
        stop "these Debian packages are missing:$missing
setup: without root they can't be installed. As root: apt-get install -y --no-install-recommends$missing"
    fi
    say "installing$missing"
    # A server that a package brings must not start by itself: everything here runs its own, in private places.
    guard=/usr/sbin/policy-rc.d
    if [ ! -e "$guard" ]; then
        printf '#!/bin/sh\nexit 101\n' > "$guard"
        chmod 755 "$guard"
        trap 'rm -f "$guard"' EXIT
    fi
    apt-get -qq update
    # shellcheck disable=SC2086 # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing </dev/null
fi

# --- Python ----------------------------------------------------------------------------------------------------------
stamp=.venv/setup.sha256
state=$(cat requirements.lock pyproject.toml | sha256sum)
if [ ! -x .venv/bin/python ]; then
    # Debian's own Python, whatever else stands first in PATH: its ABI is what the distribution's libraries are built for.
    /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "Python 3.11 or newer is needed"
    /usr/bin/python3 -m venv .venv
fi
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$state" ]; then
    say "installing the locked Python packages"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    printf '%s\n' "$state" > "$stamp"
fi

# --- What is made from sources, and what a package carries -------------------------------------------------------------
.venv/bin/python deploy/build_fonts.py
.venv/bin/python deploy/build_name_input.py strokes
.venv/bin/python deploy/fetch_models.py
.venv/bin/python deploy/translations.py compile
say "ready"
