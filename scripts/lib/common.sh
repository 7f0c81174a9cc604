# shellcheck shell=bash disable=SC2034,SC2154
# What the scripts share: words, privileges, packages. Sourced, not run.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# The product's own user, which runs PostgreSQL where we are root.
server_user=quarterdeck

# Where cargo builds, wherever the script is called from.
target_dir() {
    local target=${CARGO_TARGET_DIR:-target}
    [[ $target = /* ]] || target=$repository/$target
    printf '%s\n' "$target"
}

# A port of the loopback that nobody listens on; by chance, so that two runs do not choose the same.
free_port() {
    local port=$((20000 + RANDOM % 10000))
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((port + 1))
    done
    printf '%s\n' "$port"
}

# What the scripts say goes to standard error: standard output is for results.
say() {
    printf '==> %s\n' "$*" >&2
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

is_root() {
    [ "$(id -u)" -eq 0 ]
}

# Whether `as_root` can work without a question that nobody is there to answer.
can_be_root() {
    is_root || { have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

as_root() {
    if is_root; then
        "$@"
    else
        sudo "$@"
    fi
}

# Becomes a program that runs as the user of PostgreSQL: ourselves, or `quarterdeck` where we are
# root. It ends with this script, even if the script is killed. For subshells and the background.
become_server_user() {
    if is_root; then
        exec setpriv --pdeathsig INT --reuid "$server_user" --regid "$(id -g "$server_user")" --init-groups -- "$@"
    else
        exec setpriv --pdeathsig INT -- "$@"
    fi
}

make_server_user() {
    if is_root && ! id "$server_user" >/dev/null 2>&1; then
        say "Making the system user $server_user, which will run PostgreSQL"
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$server_user"
    fi
}

# install_packages PURPOSE PACKAGE…: by apt; fails where there is no apt or no right to use it.
install_packages() {
    local purpose=$1
    shift
    if ! have apt-get || ! can_be_root; then
        fail "$purpose is missing. Install it as root (Debian, Ubuntu: apt-get install $*) and start again"
    fi
    say "Installing $purpose: $*"
    update_packages
    # UCF keeps a configuration file that we have written before the package came.
    as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
        apt-get install --yes --quiet --no-install-recommends "$@" </dev/null >&2
}

update_packages() {
    if [ -z "${packages_updated:-}" ]; then
        as_root apt-get update --quiet </dev/null >&2
        packages_updated=yes
    fi
}

# has_package NAME: whether the distribution offers it.
has_package() {
    have apt-cache && apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'
}
