#!/bin/sh
# Wrap a bundle in a Debian package: apt brings what it depends on, and the bundle's own installer does the rest.
# build_deb.sh BUNDLE FOLDER
set -eu
bundle=$1
output=$2
[ -f "$bundle" ] || { echo "deb: $bundle: no such bundle; make bundle builds one" >&2; exit 1; }
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
share=$stage/usr/share/card-terminal
documents=$stage/usr/share/doc/card-terminal
mkdir -p "$stage/DEBIAN" "$share" "$documents"

# A later build is a later version: a sum alone would be in no order.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
inside() { tar -xOf "$bundle" "card-terminal-bundle/$1"; }
version=$(inside bundle.conf | sed -n 's/^version=//p')-$SOURCE_DATE_EPOCH.$(inside SHA256SUMS | sha256sum | cut -c 1-12)
debian=$(inside bundle.conf | sed -n 's/^debian=//p')
architecture=$(inside bundle.conf | sed -n 's/^architecture=//p')
depends=$(inside debian-packages.txt | sed 's/=.*//' | paste -sd , | sed 's/,/, /g')
cp "$bundle" "$share/bundle.tar"
inside install.sh > "$share/install.sh"
chmod 0755 "$share/install.sh"
cat > "$documents/copyright" <<'WORDS'
Copyright: the terminal's authors
License: Apache-2.0, in full in /usr/share/common-licenses/Apache-2.0
The bundle holds further packages, each with its own licence in its wheel.
WORDS
gzip -9n > "$documents/changelog.Debian.gz" <<WORDS
card-terminal ($version) stable; urgency=medium

  * What changed stands in CHANGELOG.md of the sources.

 -- The terminal's authors <authors@terminal.invalid>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
WORDS

cat > "$stage/DEBIAN/control" <<WORDS
Package: card-terminal
Version: $version
Architecture: $architecture
Maintainer: The terminal's authors <authors@terminal.invalid>
Section: misc
Priority: optional
Depends: $depends
Installed-Size: $(du -sk "$stage/usr" | cut -f 1)
Description: self-service terminal for the Chinese social security card
 What a machine needs to be a terminal, as one bundle, and the installer that
 lays it out: application, units, user, device names, a display without a way
 out. The configuration is left to the technician. Removal is refused while
 entries of the ledger wait for the centre.
WORDS
cat > "$stage/DEBIAN/preinst" <<WORDS
#!/bin/sh
set -e
# Before anything is unpacked: the bundle's wheels are for the Python of this Debian.
found=\$(sed -n 's/^\(ID\|VERSION_ID\)=//p' /etc/os-release | tr -d '"' | sort -r | paste -sd ' ')
case \$1:\$found in
    *:"debian $debian" | *:"$debian debian" | abort-*) ;;
    *) echo "card-terminal: this needs Debian $debian, and finds \$found; nothing was changed" >&2; exit 1 ;;
esac
WORDS
cat > "$stage/DEBIAN/postinst" <<'WORDS'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    /usr/share/card-terminal/install.sh --offline --no-packages /usr/share/card-terminal/bundle.tar
fi
WORDS
cat > "$stage/DEBIAN/prerm" <<'WORDS'
#!/bin/sh
set -e
# Refused while entries wait for the centre; the package then stays as it is.
if [ "$1" = remove ] && command -v card-terminal-install >/dev/null; then
    card-terminal-install --remove
fi
WORDS
cat > "$stage/DEBIAN/postrm" <<'WORDS'
#!/bin/sh
set -e
# Ledger and keys stay: they may be the only record of what citizens did. So do the settings of a terminal that
# install.sh has put in this package's place since.
if [ "$1" = purge ] && [ ! -e /opt/card-terminal ]; then
    rm -rf /etc/kiosk
    rm -f /etc/udev/rules.d/71-card-terminal-devices.rules
fi
WORDS
chmod 0755 "$stage/DEBIAN/preinst" "$stage/DEBIAN/postinst" "$stage/DEBIAN/prerm" "$stage/DEBIAN/postrm"
find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$output"
# Most of what is in the bundle is packed already.
dpkg-deb --root-owner-group -Zgzip -z1 --build "$stage" "$output" >/dev/null
made=$(find "$output" -name "card-terminal_${version}_*.deb")
echo "deb: $made, $(($(stat -c %s "$made") / 1048576)) MiB"
