# shellcheck shell=bash disable=SC2034,SC2154
# A Debian or Ubuntu in a folder, made by debootstrap. Sourced, not run, after common.sh.
#
# Packages come from where this machine gets its own: its sources, its proxy, its certificate
# authorities. DEBIAN_MIRROR names another archive.

need_debootstrap() {
    have debootstrap || install_packages "debootstrap" debootstrap
}

# make_base SUITE FOLDER [OPTION OF DEBOOTSTRAP…]
make_base() {
    local suite=$1 folder=$2 mirror log
    shift 2
    mirror=$(archive_of "$suite")
    log=$(mktemp)
    say "Making the base, $suite from $mirror, in $folder"
    if ! debootstrap --variant=minbase "$@" "$suite" "$folder" "$mirror" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        fail "debootstrap failed; DEBIAN_MIRROR names another archive"
    fi
    rm -f "$log"
    cp /etc/resolv.conf "$folder/etc/resolv.conf"
    mkdir -p "$folder/dev/shm"
}

# The archive of this machine where it is one of the same distribution, else the distribution's own.
archive_of() {
    local found=
    if [ -n "${DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "$DEBIAN_MIRROR"
        return
    fi
    case $(distribution_of "$1") in
        ubuntu) found=$(own_archives | grep -m 1 '/ubuntu') || found=http://archive.ubuntu.com/ubuntu ;;
        *) found=$(own_archives | grep -m 1 '/debian/*$') || found=http://deb.debian.org/debian ;;
    esac
    printf '%s\n' "$found"
}

distribution_of() {
    # debootstrap's recipe of a suite begins with its archive.
    case $1 in
        jammy | noble) printf 'ubuntu\n' ;;
        *) printf 'debian\n' ;;
    esac
}

# The addresses in apt's sources, in their order.
own_archives() {
    {
        sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources
        sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list
    } 2>/dev/null | tr ' ' '\n' | sed '/^$/d'
}

# borrow_network FOLDER: names, authorities and apt's way to the archive, as this machine has them.
borrow_network() {
    local folder=$1
    cp /etc/hosts "$folder/etc/hosts"
    if [ -d /usr/local/share/ca-certificates ]; then
        mkdir -p "$folder/usr/local/share/ca-certificates"
        cp -r /usr/local/share/ca-certificates/. "$folder/usr/local/share/ca-certificates"
    fi
    if have apt-config; then
        apt-config dump | grep -E '^Acquire::([^ ]*::)?(Proxy|CaInfo|Check-Valid-Until|Retries|Timeout)[^ ]* ' \
            >"$folder/etc/apt/apt.conf.d/99network" || true
    fi
}
