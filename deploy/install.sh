#!/bin/bash
# Make a bare Debian 12 a terminal from a bundle, bring a newer one, go back, take it away (docs/installation.md).
# Nothing is changed before bundle and machine have been looked at; what broke off half-way is finished by running it again.
set -euo pipefail
export TZ=UTC LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

readonly USAGE=64 BUNDLE_WRONG=65 MACHINE_WRONG=66 PACKAGES_FAILED=69 NOT_WORKING=70 NO_SPACE=73 BUSY=75 QUEUE_NOT_EMPTY=76
readonly TOP=card-terminal-bundle
readonly HOME_FOLDER=/opt/card-terminal          # versions, and links to the one that serves
readonly OWN_FOLDER=/usr/lib/card-terminal       # what the installer keeps about itself
readonly INSTALLER=/usr/sbin/card-terminal-install
readonly STATE=/var/lib/card-terminal CONFIGURATION=/etc/kiosk SEALED_KEYS=/etc/credstore.encrypted
readonly BUNDLE_KEY=$CONFIGURATION/bundle-key.pem
readonly LOG=/var/log/card-terminal-install.log
readonly DEVICE_NAMES=/etc/udev/rules.d/71-card-terminal-devices.rules # filled by the technician
readonly SERVICES="card-terminal-check.service card-terminal-display.service card-terminal.service card-terminal-uplink.service"
readonly FIRST_RUN="card-terminal-first-run.service card-terminal-take-over.path card-terminal-take-over.service"
readonly ENABLED="card-terminal.target card-terminal-display.service card-terminal.service card-terminal-uplink.service card-terminal-first-run.service card-terminal-take-over.path"
readonly SPARE_MIB=256     # of the disk stays free at least, for the ledger
readonly PACKAGES_MIB=600  # what Debian's packages take on a bare machine; measured: 440, and 140 while they are fetched

usage() {
    cat <<'WORDS'
usage: install.sh [options] BUNDLE     install, or bring a newer version
       install.sh --rollback           back to the version before
       install.sh --remove             take the application away; configuration, keys and ledger stay
       install.sh --purge              the configuration too; keys and ledger stay, unless --with-ledger

  --offline          use no network: what is missing must be in the bundle
  --verify-with KEY  demand a signature of this public key (PEM); it is kept, and later bundles must bear one as well
  --no-packages      leave Debian's packages alone; somebody else has installed them
  --root DIR         the Debian in this folder instead of this machine's; nothing is started
  --dry-run          say what would be done, change nothing
  --leave-queue      remove although entries wait for the centre; they stay in the ledger
  --wait SECONDS     how long a removal waits for the uplink to deliver them (120)
  --with-ledger      with --purge: ledger and keys too, for good; never while entries wait
WORDS
}

say() { printf 'install: %s\n' "$*"; note "$*"; }
stop() { # stop CODE WORDS…
    local code=$1
    shift
    said=yes
    printf 'install: %s\n' "$*" >&2
    note "stopped ($code): $*"
    exit "$code"
}
note() { if [ -n "$log" ]; then printf '%(%FT%TZ)T %s\n' -1 "$*" >>"$log"; fi; }
step() { # step WORDS…
    done_steps=$((done_steps + 1))
    say "[$done_steps/$steps] $*"
}
# Whatever changes the machine goes through here; what it says goes to the log.
change() {
    if [ "$dry_run" = yes ]; then
        printf 'install: would %s\n' "$*"
    else
        note "+ $*"
        "$@" >>"$log" 2>&1 </dev/null
    fi
}
# The same, run by the Debian that is installed into.
inside() {
    if [ -z "$root" ]; then change "$@"; else change chroot "$root" "$@"; fi
}
ask_inside() {
    if [ -z "$root" ]; then "$@"; else chroot "$root" "$@"; fi
}
is_running() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

# --- The bundle --------------------------------------------------------------------------------------------------------

open_bundle() { # verified here or not used at all
    local archive=$1 folder listed found
    [ -f "$archive" ] || stop $BUNDLE_WRONG "$archive: no such bundle"
    opened=$(mktemp -d "${root:-}/var/tmp/card-terminal.XXXXXX")
    chmod 0755 "$opened"
    listed=$(tar -tvf "$archive" 2>/dev/null) || stop $BUNDLE_WRONG "$archive: is not whole: it can't be read to its end"
    if grep -qv '^-' <<<"$listed"; then stop $BUNDLE_WRONG "$archive: holds something else than files"; fi
    tar -xf "$archive" -C "$opened" --no-same-owner 2>/dev/null || stop $BUNDLE_WRONG "$archive: is not whole: it can't be unpacked"
    folder=$opened/$TOP
    [ -f "$folder/SHA256SUMS" ] || stop $BUNDLE_WRONG "$archive: is no bundle: it has no list of sums"
    check_signature "$archive" "$folder"
    listed=$(sed 's/^[0-9a-f]\{64\}  //' "$folder/SHA256SUMS" | sort)
    found=$(cd "$folder" && find . -type f ! -name SHA256SUMS ! -name SHA256SUMS.sig -printf '%P\n' | sort)
    [ "$listed" = "$found" ] || stop $BUNDLE_WRONG "$archive: other files than its list names: $(
        comm -3 <(printf '%s\n' "$listed") <(printf '%s\n' "$found") | tr -d '\t' | head -n 3 | paste -sd ' '
    )"
    found=$(cd "$folder" && sha256sum --check --quiet --strict SHA256SUMS 2>/dev/null) ||
        stop $BUNDLE_WRONG "$archive: not what was built: $(head -n 3 <<<"$found" | sed 's/: .*//' | paste -sd ' ')"
    bundle=$folder
    # The same contents have the same name, so the same bundle twice is one version.
    version=$(described version)-$(sha256sum "$folder/SHA256SUMS" | cut -c 1-12)
}

check_signature() { # check_signature ARCHIVE FOLDER
    local key=$verify_with
    if [ -z "$key" ] && [ -f "$root$BUNDLE_KEY" ]; then key=$root$BUNDLE_KEY; fi
    if [ -z "$key" ]; then return; fi
    command -v openssl >/dev/null || stop $MACHINE_WRONG "openssl is missing, and the signature can't be checked: apt-get install openssl"
    [ -f "$2/SHA256SUMS.sig" ] || stop $BUNDLE_WRONG "$1: is not signed, and $key demands it"
    openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$2/SHA256SUMS" -sigfile "$2/SHA256SUMS.sig" >/dev/null 2>&1 ||
        stop $BUNDLE_WRONG "$1: its signature is not that of $key"
}

described() { sed -n "s/^$1=//p" "$bundle/bundle.conf"; }
listed() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# --- The machine -------------------------------------------------------------------------------------------------------

# Whether dpkg has the terminal as a package, and it is not the package itself that asks.
is_packaged() {
    [ "${DPKG_MAINTSCRIPT_PACKAGE:-}" != card-terminal ] || return
    # shellcheck disable=SC2016 # dpkg's own word
    case $(ask_inside dpkg-query -W -f='${db:Status-Status}' card-terminal 2>/dev/null </dev/null || true) in
        '' | not-installed | config-files) return 1 ;;
    esac
}

check_machine() {
    local release=$root/etc/os-release system architecture free wanted
    if is_packaged; then
        stop $MACHINE_WRONG "this terminal came as a Debian package, and a newer one comes as one too: apt install ./card-terminal_….deb"
    fi
    system=$(sed -n 's/^\(ID\|VERSION_ID\)=//p' "$release" 2>/dev/null | tr -d '"' | sort -r | paste -sd ' ') || true
    case $system in
        "debian $(described debian)" | "$(described debian) debian") ;;
        *) stop $MACHINE_WRONG "this needs Debian $(described debian), and finds ${system:-none}${root:+ in $root}" ;;
    esac
    architecture=$(ask_inside dpkg --print-architecture)
    [ "$architecture" = "$(described architecture)" ] ||
        stop $MACHINE_WRONG "the bundle is for $(described architecture), this machine is $architecture"
    missing=''
    if [ "$packages" = yes ]; then missing=$(missing_packages); fi
    wanted=$(($(described installed_mib) + SPARE_MIB))
    if [ -n "$missing" ]; then wanted=$((wanted + PACKAGES_MIB)); fi
    if [ -f "$root$HOME_FOLDER/versions/$version/complete" ]; then wanted=$SPARE_MIB; fi
    free=$(df -Pm "$(nearest "$root$HOME_FOLDER")" | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$wanted" ] || stop $NO_SPACE "the disk is too small: $wanted MiB are needed in $HOME_FOLDER, $free are free"
    if [ "$offline" = yes ] && [ -n "$missing" ] && [ ! -d "$bundle/debs" ]; then
        stop $PACKAGES_FAILED "without network and without Debian's packages in the bundle these are missing:$missing"
    fi
}

nearest() { # the folder itself, or what is there of its path
    local folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    printf '%s' "$folder"
}

missing_packages() {
    local package version
    while IFS='=' read -r package version; do
        # shellcheck disable=SC2016 # dpkg's own word
        case $(ask_inside dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null </dev/null || true) in
            ii*) ;;
            *) printf ' %s' "$package" ;;
        esac
    done <"$bundle/debian-packages.txt"
}

# --- Steps of an installation --------------------------------------------------------------------------------------------

install_packages() {
    local sources=() guard=$root/usr/sbin/policy-rc.d
    if [ -n "$(ask_inside dpkg --audit)" ]; then
        say "an earlier installation of packages broke off; finishing it"
        inside dpkg --configure -a || stop $PACKAGES_FAILED "dpkg can't finish it; see $LOG"
    fi
    if [ -z "$missing" ]; then
        say "Debian's packages are all there"
        return
    fi
    say "missing:$missing"
    if [ -d "$bundle/debs" ]; then
        # The bundle's own, and none else; the machine's lists stay as they are.
        local own=${opened#"$root"}/apt
        change mkdir -p "$root$own/lists/partial" "$root$own/archives/partial"
        if [ "$dry_run" = no ]; then printf 'deb [trusted=yes] file:%s ./\n' "${bundle#"$root"}/debs" >"$root$own/bundle.list"; fi
        sources=(
            -o "Dir::Etc::sourcelist=$own/bundle.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$own/lists"
            -o "Dir::Cache::archives=$own/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root
        )
    fi
    # In a folder nothing may be started; here only what waits for the terminal's own settings.
    if [ -n "$root" ] && [ ! -e "$guard" ] && [ "$dry_run" = no ]; then
        printf '#!/bin/sh\nexit 101\n' >"$guard"
        chmod 0755 "$guard"
        guarded=$guard
    fi
    inside apt-get -q "${sources[@]}" update ||
        stop $PACKAGES_FAILED "apt can't read its lists: is there a network? A bundle built with debs needs none. See $LOG"
    # shellcheck disable=SC2086 # a list of package names
    inside apt-get -q -y --no-install-recommends "${sources[@]}" install $missing ||
        stop $PACKAGES_FAILED "apt can't install them; what is said stands in $LOG. Run this again when it is mended"
    if [ -n "$guarded" ]; then rm -f "$guarded"; guarded=''; fi
}

pip_of_debian() { # comes with python3-venv
    local wheel
    for wheel in "$root"/usr/share/python-wheels/pip-*.whl; do printf '%s' "${wheel#"$root"}"; done
}

lay_version() { # a version is whole once `complete` lies in it, and never changed after that
    local place=$HOME_FOLDER/versions/$version from=${bundle#"$root"}
    if [ -f "$root$place/complete" ]; then
        say "version $version is there already"
        return
    fi
    change rm -rf "$root$place"
    change mkdir -p "$root$place"
    inside /usr/bin/python3 -m venv --without-pip "$place" || stop $NOT_WORKING "no virtual environment can be made; see $LOG"
    # Debian's pip out of its wheel, so that none is left in the terminal, which installs nothing by itself.
    inside env "PYTHONPATH=$(pip_of_debian)" "$place/bin/python" -m pip install --disable-pip-version-check --no-cache-dir \
        --no-index --find-links "$from/wheels" --no-deps --require-hashes --requirement "$from/requirements.txt" ||
        stop $NOT_WORKING "the application's packages can't be installed; see $LOG"
    change cp -r "$bundle/assets" "$bundle/config" "$bundle/manual" "$bundle/systemd" "$root$place/"
    change cp "$bundle/install.sh" "$root$place/install.sh"
    change chmod -R u=rwX,go=rX "$root$place"
    # By its own word, without a window and without devices.
    inside "$place/bin/kiosk" check --help || stop $NOT_WORKING "the application does not start; see $LOG"
    change touch "$root$place/complete"
    change sync -f "$root$place"
}

place_files() { # place_files VERSION: its units and settings, in the places that it names
    local folder=$root$HOME_FOLDER/versions/$1/systemd from to file target placed
    if [ "$dry_run" = yes ] && [ ! -d "$folder" ]; then folder=$bundle/systemd; fi
    placed=$(mktemp)
    while read -r from to; do
        if [ -d "$folder/$from" ]; then
            while read -r file; do printf '%s\t%s\n' "$from/$file" "$to/$file"; done < <(cd "$folder/$from" && find . -type f -printf '%P\n' | sort)
        else
            printf '%s\t%s\n' "$from" "$to"
        fi
    done < <(listed "$folder/places.txt") >"$placed"
    while IFS=$'\t' read -r from to; do
        target=$root$to
        # What the technician has filled stays.
        if [ "$to" = "$DEVICE_NAMES" ] && [ -e "$target" ]; then continue; fi
        change install -D -m "$(if [ -x "$folder/$from" ]; then echo 0755; else echo 0644; fi)" "$folder/$from" "$target"
    done <"$placed"
    # What an older version had placed and this one has not.
    if [ -f "$root$OWN_FOLDER/placed.txt" ]; then
        while read -r file; do
            if [ "$file" != "$DEVICE_NAMES" ]; then change rm -f "$root$file"; fi
        done < <(comm -23 <(sort "$root$OWN_FOLDER/placed.txt") <(cut -f 2 "$placed" | sort))
    fi
    change mkdir -p "$root$OWN_FOLDER"
    if [ "$dry_run" = no ]; then cut -f 2 "$placed" >"$root$OWN_FOLDER/placed.txt"; fi
    rm -f "$placed"
    change install -m 0755 "$root$HOME_FOLDER/versions/$1/install.sh" "$root$INSTALLER"
}

mask_units() { # masks that somebody else has set are not ours to take away later
    local unit units=()
    for unit in $(listed "$1"); do
        if [ "$(readlink "$root/etc/systemd/system/$unit" || true)" != /dev/null ]; then units+=("$unit"); fi
    done
    if [ ${#units[@]} -eq 0 ]; then return; fi
    if [ "$dry_run" = no ]; then printf '%s\n' "${units[@]}" >>"$root$OWN_FOLDER/masked.txt"; fi
    # By force, since Debian has links of its own to some of them in the same place.
    inside systemctl --force mask "${units[@]}"
}

default_configuration() {
    change mkdir -p "$root$CONFIGURATION"
    if [ ! -e "$root$CONFIGURATION/kiosk.toml" ]; then
        change cp "$bundle/config/kiosk.toml" "$root$CONFIGURATION/kiosk.toml"
    else
        say "$CONFIGURATION/kiosk.toml stays as it is"
    fi
    if [ -n "$verify_with" ]; then change install -m 0644 "$verify_with" "$root$BUNDLE_KEY"; fi
    inside systemd-tmpfiles --create card-terminal.conf || say "systemd-tmpfiles had something to say; see $LOG"
}

point_to() { # point_to VERSION: by a rename, so that there is always one
    local link
    change ln -sfn "versions/$1" "$root$HOME_FOLDER/current.part"
    change mv -T "$root$HOME_FOLDER/current.part" "$root$HOME_FOLDER/current"
    for link in bin assets config; do change ln -sfn "current/$link" "$root$HOME_FOLDER/$link"; done
}

current() { basename "$(readlink "$root$HOME_FOLDER/$1" 2>/dev/null || true)"; }

activate() { # activate VERSION: its files, its programs
    place_files "$1"
    point_to "$1"
    inside systemd-sysusers card-terminal.conf
}

load_settings() {
    if ! is_running; then return; fi
    change systemctl daemon-reload
    change systemctl try-restart systemd-journald.service || true
    # A container has no udev, and a kernel that is not its own.
    change udevadm control --reload || say "no udev runs; its rules hold from the next start of the machine"
    change systemctl restart systemd-sysctl.service || say "the kernel's settings hold from the next start of the machine"
}

close_terminal() {
    # shellcheck disable=SC2086 # a list of units
    change systemctl stop card-terminal.target $SERVICES $FIRST_RUN || true
}

keep() { # keep VERSION: as the one to go back to
    change ln -sfn "versions/$1" "$root$HOME_FOLDER/previous"
}

start_terminal() { # whether it stands
    local unit
    change systemctl reset-failed || true
    change systemctl start card-terminal.target || return
    # One by one: of several systemctl says whether any is active.
    for unit in $SERVICES; do change systemctl is-active --quiet "$unit" || return; done
}

has_keys() { [ -f "$root$SEALED_KEYS/card-terminal.terminal.key" ] && [ -f "$root$SEALED_KEYS/card-terminal.storage.key" ]; }

forget_old_versions() {
    local folder name
    for folder in "$root$HOME_FOLDER"/versions/*/; do
        name=$(basename "$folder")
        if [ "$name" != "$(current current)" ] && [ "$name" != "$(current previous)" ]; then change rm -rf "$folder"; fi
    done
}

# --- What one asks for -------------------------------------------------------------------------------------------------

install_bundle() {
    local before older was_running=no
    steps=6
    step "looking at the bundle"
    open_bundle "$1"
    step "looking at the machine for version $version"
    check_machine
    if is_running && systemctl is-active --quiet card-terminal.service; then was_running=yes; fi
    before=$(current current)
    older=$(current previous)
    step "Debian's packages"
    if [ "$packages" = yes ]; then install_packages; else say "left alone"; fi
    step "the application"
    lay_version
    step "units, user, settings"
    if [ "$was_running" = yes ]; then
        say "the terminal closes; whoever is being served is brought to an end first"
        close_terminal
    fi
    # First where to go back to, then the step forward: whatever breaks off in between, one of the two is there.
    if [ -n "$before" ] && [ "$before" != "$version" ]; then keep "$before"; fi
    activate "$version"
    mask_units "$bundle/systemd/masked-units.txt"
    default_configuration
    # shellcheck disable=SC2086 # a list of units
    inside systemctl enable $ENABLED
    load_settings
    step "the terminal"
    if ! is_running || ! has_keys; then
        next_steps
    elif ! start_terminal; then
        if [ "$dry_run" = yes ]; then return; fi
        if [ -z "$before" ] || [ "$before" = "$version" ]; then
            stop $NOT_WORKING "installed, but the terminal does not start: systemctl status card-terminal-check card-terminal"
        fi
        say "version $version does not start here; going back to $before"
        close_terminal
        activate "$before"
        if [ -n "$older" ]; then keep "$older"; else change rm -f "$root$HOME_FOLDER/previous"; fi
        load_settings
        start_terminal || stop $NOT_WORKING "neither does $before: systemctl status card-terminal-check card-terminal"
        forget_old_versions
        stop $NOT_WORKING "$before serves again; why $version did not is in journalctl -u card-terminal-check -u card-terminal"
    else
        say "the terminal serves"
    fi
    forget_old_versions
    say "version $version is installed"
}

next_steps() {
    say "what is left to do, by hand:"
    say "  restart the machine"
    if ! has_keys; then
        say "  set the terminal up on its screen, with the centre's enrolment code at hand; or run $OWN_FOLDER/provision"
    fi
}

roll_back() {
    local before
    before=$(current previous)
    if [ -z "$before" ] || [ ! -f "$root$HOME_FOLDER/versions/$before/complete" ]; then
        stop $USAGE "there is no version before this one"
    fi
    version=$(current current)
    steps=2
    step "from $version back to $before"
    if is_running; then close_terminal; fi
    activate "$before"
    keep "$version"
    load_settings
    step "the terminal"
    if is_running && has_keys; then
        start_terminal || stop $NOT_WORKING "$before does not start: systemctl status card-terminal-check card-terminal"
    fi
    say "version $before is in place"
}

waiting() { # how many entries the centre has not signed for; words if that can't be told
    local told command=("$HOME_FOLDER/bin/kiosk" ledger check --json)
    if [ ! -d "$root$STATE/ledger" ]; then
        echo 0
        return
    fi
    if is_running && has_keys; then
        command=(
            systemd-run --quiet --pipe --wait -p User=card-terminal
            -p LoadCredentialEncrypted=terminal.key:card-terminal.terminal.key "${command[@]}"
        )
    fi
    told=$(ask_inside "${command[@]}" 2>>"${log:-/dev/null}" </dev/null || true)
    ask_inside /usr/bin/python3 -c '
import json, sys
try:
    told = json.loads(sys.argv[1])
    print(max(0, told["entries"] - told.get("delivered_through", 0)))
except (ValueError, KeyError):
    print("unknown")
' "$told"
}

check_queue() {
    local left ends=$((SECONDS + drains_s))
    left=$(waiting)
    while [ "$left" != 0 ] && [ "$left" != unknown ] && [ "$dry_run" = no ] && is_running && [ $SECONDS -lt $ends ] &&
        systemctl is-active --quiet card-terminal-uplink.service; do
        say "$left entries wait for the centre; the uplink has $((ends - SECONDS)) s more"
        sleep 5
        left=$(waiting)
    done
    if [ "$left" = 0 ]; then return; fi
    case $left in
        unknown) words="how many entries wait for the centre can't be told" ;;
        *) words="$left entries wait for the centre, and only this terminal has them" ;;
    esac
    if [ "$with_ledger" = yes ] || [ "$leave_queue" = no ]; then
        if [ "$closed" = yes ]; then change systemctl start card-terminal.target || true; fi
        stop $QUEUE_NOT_EMPTY "$words; nothing was removed. Let the uplink finish$(
            if [ "$with_ledger" = no ]; then printf ', or leave them in the ledger with --leave-queue'; fi
        )"
    fi
    say "$words; they stay in $STATE"
}

remove() {
    local units file
    steps=4
    [ -d "$root$HOME_FOLDER" ] || [ -d "$root$OWN_FOLDER" ] || [ "$purge" = yes ] || stop $USAGE "nothing is installed"
    step "the queue"
    closed=no
    if is_running && systemctl is-active --quiet card-terminal.service; then
        # No new entries; the uplink goes on.
        change systemctl stop card-terminal.service
        closed=yes
    fi
    check_queue
    step "services"
    if is_running; then close_terminal; fi
    # shellcheck disable=SC2086 # a list of units
    inside systemctl disable $ENABLED || true
    if [ -f "$root$OWN_FOLDER/masked.txt" ]; then
        mapfile -t units <"$root$OWN_FOLDER/masked.txt"
        inside systemctl unmask "${units[@]}"
    fi
    step "programs and settings"
    if [ -f "$root$OWN_FOLDER/placed.txt" ]; then
        while read -r file; do
            if [ "$file" != "$DEVICE_NAMES" ] || [ "$purge" = yes ]; then change rm -f "$root$file"; fi
        done <"$root$OWN_FOLDER/placed.txt"
    fi
    change rm -rf "$root$HOME_FOLDER" "$root$OWN_FOLDER" "$root$INSTALLER"
    for file in system/pcscd.service.d system/pcscd.socket.d; do
        if [ -d "$root/usr/lib/systemd/$file" ]; then change rmdir --ignore-fail-on-non-empty "$root/usr/lib/systemd/$file"; fi
    done
    if is_running; then
        change systemctl daemon-reload
        change systemctl try-restart pcscd.socket || true
    fi
    step "data"
    if [ "$purge" = yes ]; then change rm -rf "$root$CONFIGURATION"; else say "$CONFIGURATION stays"; fi
    if [ "$with_ledger" = yes ]; then
        change rm -rf "$root$STATE"
        change rm -f "$root$SEALED_KEYS/card-terminal.terminal.key" "$root$SEALED_KEYS/card-terminal.storage.key"
        if ask_inside getent passwd card-terminal >/dev/null; then inside userdel card-terminal; fi
    else
        say "ledger and keys stay in $STATE and $SEALED_KEYS: one is of no use without the other"
    fi
    say "the terminal is removed; Debian's packages stay"
    if is_packaged; then say "dpkg still lists it: apt remove card-terminal"; fi
}

misused() {
    usage >&2
    exit $USAGE
}

finish() {
    local code=$?
    if [ -n "$guarded" ]; then rm -f "$guarded"; fi
    if [ -n "$opened" ]; then rm -rf "$opened"; fi
    if [ -n "$mounted" ]; then umount "$mounted"; fi
    if [ $code -ne 0 ] && [ "$said" = no ]; then
        printf 'install: broke off in step %s; why stands in %s. Run it again: it goes on where it stopped\n' "$done_steps" "${log:-the lines above}" >&2
    fi
    exit $code
}

main() {
    local wanted='' given=''
    dry_run=no offline=no packages=yes purge=no leave_queue=no with_ledger=no root='' verify_with='' log=''
    opened='' bundle='' version='' missing='' guarded='' closed=no mounted='' said=no drains_s=120 done_steps=0 steps=0
    while [ $# -gt 0 ]; do
        case $1 in
            --offline) offline=yes ;;
            --dry-run) dry_run=yes ;;
            --no-packages) packages=no ;;
            --leave-queue) leave_queue=yes ;;
            --with-ledger) with_ledger=yes ;;
            --rollback | --remove | --purge) wanted=${1#--} ;;
            --root | --verify-with | --wait)
                [ $# -gt 1 ] || misused
                case $1 in
                    --root) root=$(realpath -- "$2") ;;
                    --verify-with) verify_with=$2 ;;
                    --wait) drains_s=$2 ;;
                esac
                shift
                ;;
            --help)
                usage
                exit 0
                ;;
            -*) misused ;;
            *) given=$1 ;;
        esac
        shift
    done
    if { [ -n "$wanted" ] && [ -n "$given" ]; } || { [ -z "$wanted" ] && [ -z "$given" ]; }; then misused; fi
    if [ "$with_ledger" = yes ] && [ "$wanted" != purge ]; then misused; fi
    if [ "$root" = / ]; then root=''; fi
    [ -z "$root" ] || [ -d "$root" ] || stop $USAGE "$root: no such folder"
    [ "$(id -u)" -eq 0 ] || stop $MACHINE_WRONG "only root can install"
    trap finish EXIT
    if [ "$dry_run" = no ]; then
        mkdir -p "$root/var/log"
        log=$root$LOG
        touch "$log"
        chmod 0640 "$log"
        mkdir -p "$root/run"
        exec 9>"$root/run/card-terminal-install.lock"
        flock --nonblock 9 || stop $BUSY "another installation runs"
        note "$0 ${wanted:-install} $given"
        # What Debian's packages and systemd's tools ask the kernel, they ask there.
        if [ -n "$root" ] && [ ! -e "$root/proc/self" ]; then
            mkdir -p "$root/proc"
            mount -t proc proc "$root/proc"
            mounted=$root/proc
        fi
    fi
    case $wanted in
        rollback) roll_back ;;
        remove) remove ;;
        purge) purge=yes; remove ;;
        *) install_bundle "$given" ;;
    esac
}

# Read whole before anything runs: an upgrade replaces this file.
main "$@"
