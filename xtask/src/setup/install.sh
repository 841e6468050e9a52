# Installs Debian packages (as root) so that nothing starts, or will start, by itself.
# usage: install.sh PACKAGE...   Restores whatever it changed, also when it fails or is interrupted.
set -eu

policy=/usr/sbin/policy-rc.d
saved=$policy.before-taydo
clusters=/etc/postgresql-common/createcluster.conf
clusters_ours=no

# One set-up at a time: a second one would take our policy for the machine's own.
exec 9>/run/taydo-setup.lock
if command -v flock >/dev/null; then flock 9; fi

restore() {
    if [ -e "$saved" ] || [ -L "$saved" ]; then
        mv -f "$saved" "$policy"
    elif [ -f "$policy" ] && grep -q 'written by taydo' "$policy"; then
        rm -f "$policy"
    fi
    if [ "$clusters_ours" = yes ]; then
        if [ -f /usr/share/postgresql-common/createcluster.conf ]; then
            cp /usr/share/postgresql-common/createcluster.conf "$clusters"
            rm -f "$clusters.ucf-dist"
        else
            rm -f "$clusters"
            rmdir /etc/postgresql-common 2>/dev/null || true
        fi
    fi
}
# A run that was killed may have left its policy behind.
restore
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

new_services=
for package in mosquitto postgresql influxdb openssh-server; do
    service=$package
    [ "$package" != openssh-server ] || service=ssh
    case " $* " in
    *" $package "*) installed "$package" || new_services="$new_services $service" ;;
    esac
done

if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$saved"; fi
printf '#!/bin/sh\n# written by taydo while it installs packages: nothing starts by itself\nexit 101\n' >"$policy"
chmod 755 "$policy"
case "$new_services" in
*postgresql*)
    if [ ! -e "$clusters" ]; then
        mkdir -p /etc/postgresql-common
        clusters_ours=yes
        echo 'create_main_cluster = false' >"$clusters"
    fi
    ;;
esac

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1
# Removing is refused: rustc-web, for one, would push out Debian's own rustc or rustup.
get() { apt-get -y -q -o DPkg::Lock::Timeout=600 -o APT::Get::Remove=false "$@"; }
update() {
    tries=0
    until get update; do
        tries=$((tries + 1))
        [ "$tries" -lt 5 ] || return 1
        sleep 6
    done
}
install() { get install --no-install-recommends "$@"; }

if ! get --simulate install --no-install-recommends "$@" >/dev/null 2>&1; then
    echo "package lists are missing or too old: apt-get update"
    update
fi
install "$@" || { update && install "$@"; }

for service in $new_services; do
    if command -v systemctl >/dev/null; then
        systemctl disable "$service.service" || true
    elif command -v deb-systemd-helper >/dev/null; then
        # It enables units also where there is no systemd yet, and works only for a package's own scripts.
        DPKG_MAINTSCRIPT_PACKAGE=$service deb-systemd-helper disable "$service.service" || true
    fi
    if command -v update-rc.d >/dev/null; then update-rc.d "$service" disable || true; fi
done
