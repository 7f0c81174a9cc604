# shellcheck shell=bash disable=SC2034,SC2154
# Programs from packages of PyPI, which holds builds for every Linux. Sourced, not run, after common.sh.

# cache_directory NAME: where what was downloaded stays.
cache_directory() {
    if is_root; then
        # The server's user cannot look into /root.
        printf '/var/cache/quarterdeck/%s\n' "$1"
    else
        printf '%s\n' "${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/quarterdeck/$1"
    fi
}

# download_wheel URL HASH FOLDER PACKAGE VERSION: by pip, which knows the machine's mirrors, else by curl.
download_wheel() {
    local file=$3/${1##*/}
    download_by_pip "$@" || download_by_curl "$1" "$file"
    printf '%s  %s\n' "$2" "$file" | sha256sum --check --quiet >&2 || fail "the download of $4 does not have the expected hash"
}

download_by_pip() {
    have python3 && python3 -m pip --version >/dev/null 2>&1 || return
    printf '%s==%s --hash=sha256:%s\n' "$4" "$5" "$2" >"$3/requirements.txt"
    if ! python3 -m pip download --quiet --no-deps --require-hashes --only-binary=:all: \
        --python-version 3.11 --implementation cp --abi cp311 --platform "manylinux_2_28_$(uname -m)" \
        --dest "$3" --requirement "$3/requirements.txt" >&2; then
        say "pip could not get it; trying curl"
        return 1
    fi
}

download_by_curl() {
    have curl || install_packages "curl" curl ca-certificates
    curl --fail --silent --show-error --location --retry 3 --output "$2" "$1" || fail "cannot download $1"
}

# unpack_wheel FILE FOLDER PREFIX…: what begins with one of the prefixes.
unpack_wheel() {
    local file=$1 folder=$2
    shift 2
    if ! have python3; then
        have unzip || install_packages "unzip" unzip
        unzip -q "$file" "${@/%/*}" -d "$folder"
        return
    fi
    # zipfile forgets who may run a file.
    python3 - "$file" "$folder" "$@" <<'PYTHON'
import os, sys, zipfile
archive, into, *prefixes = sys.argv[1:]
with zipfile.ZipFile(archive) as wheel:
    for member in wheel.infolist():
        if member.filename.startswith(tuple(prefixes)):
            path = wheel.extract(member, into)
            os.chmod(path, (member.external_attr >> 16 & 0o777) or 0o755)
PYTHON
}
