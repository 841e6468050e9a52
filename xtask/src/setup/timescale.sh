# Makes a Debian 13 root with PostgreSQL 17 and TimescaleDB (Apache edition), for tests (as root).
# usage: timescale.sh FOLDER   Nothing in it is started, and nothing outside FOLDER is touched.
set -eu
folder=$1
made=$folder.making
rm -rf "$made"
source=$(mktemp)
trap 'rm -f "$source"; rm -rf "$made"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Where this machine gets Debian from, its mirror and its key, of the release that has the packages.
mirror=http://deb.debian.org/debian
for list in /etc/apt/sources.list.d/*.sources; do
    found=$(sed -n 's/^URIs: *\([^ ]*\/debian\/\{0,1\}\)$/\1/p' "$list" 2>/dev/null | head -n 1)
    if [ -n "$found" ]; then mirror=$found && break; fi
done
cat >"$source" <<END
Types: deb
URIs: $mirror
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END

mmdebstrap --variant=minbase --include=postgresql-17,postgresql-17-timescaledb \
    --aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    trixie "$made" "$source"
mkdir -p "$made/mnt" "$made/dev/shm"
[ -c "$made/dev/null" ] || mknod -m 666 "$made/dev/null" c 1 3
[ -c "$made/dev/urandom" ] || mknod -m 666 "$made/dev/urandom" c 1 9
rm -rf "$folder"
mv "$made" "$folder"
