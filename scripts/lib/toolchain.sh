# shellcheck shell=bash disable=SC2034,SC2154
# What it takes to build. Sourced, not run, after common.sh.

# Installs a C compiler, git, certificates and Rust where they are missing; quick where they are not.
need_build_tools() {
    local missing=()
    have cc || missing+=(gcc libc6-dev)
    have git || missing+=(git)
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
    if [ ${#missing[@]} -gt 0 ]; then
        install_packages "what the build needs" "${missing[@]}"
    fi
    need_rust
}

needed_rust() {
    sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repository/Cargo.toml"
}

need_rust() {
    local needed found
    needed=$(needed_rust)
    if ! have cargo && [ -d "${HOME:-}/.cargo/bin" ]; then
        PATH=${HOME:-}/.cargo/bin:$PATH
    fi
    have cargo || have rustup || install_rustup
    found=$(rust_version)
    if is_at_least "$needed" "$found"; then
        return
    fi
    have rustup || fail "Rust $needed or newer is needed, and ${found:-none} is here. Install it from https://rustup.rs"
    say "Getting Rust $needed by rustup"
    rustup toolchain install "$needed" --profile minimal --component clippy --component rustfmt >&2 ||
        fail "rustup could not get Rust $needed. Get it another way, so that cargo is on the PATH, and start again"
    export RUSTUP_TOOLCHAIN=$needed
}

rust_version() {
    cargo --version 2>/dev/null | cut -d ' ' -f 2 || true
}

# is_at_least NEEDED FOUND
is_at_least() {
    [ "$(printf '%s\n' "$1" "$2" | sort --version-sort | head -n 1)" = "$1" ]
}

# rustup from the distribution (Debian 13, Ubuntu 24.04), else from its own site.
install_rustup() {
    if has_package rustup && can_be_root; then
        install_packages "rustup, which gets Rust" rustup
        return
    fi
    have curl || install_packages "curl" curl ca-certificates
    say "Getting rustup from https://rustup.rs"
    curl --proto '=https' --tlsv1.2 --fail --silent --show-error https://sh.rustup.rs |
        sh -s -- -y --no-modify-path --profile minimal --default-toolchain none >&2 ||
        fail "cannot get rustup. Install Rust $(needed_rust) or newer, so that cargo is on the PATH, and start again"
    PATH=${HOME:-}/.cargo/bin:$PATH
}

# Format and lints, which a toolchain of the minimal profile lacks.
need_rust_components() {
    if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then
        return
    fi
    have rustup || fail "cargo fmt and cargo clippy are needed. Install rustfmt and clippy beside Rust (Debian, Ubuntu:" \
        "apt-get install rustfmt rust-clippy) and start again"
    say "Getting rustfmt and clippy by rustup"
    rustup component add rustfmt clippy >&2 || fail "rustup could not get rustfmt and clippy: rustup component add rustfmt clippy"
}
