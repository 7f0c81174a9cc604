# shellcheck shell=bash disable=SC2034,SC2154
# A throwaway PostgreSQL for tests and development. Sourced, not run, after common.sh.
#
# start_database makes a cluster in a new folder below /tmp (a socket's path must be short), with
# the socket in a private folder and no TCP, and exports where it is. It forgets everything at
# stop_database, so nothing waits for the disk, unless `database_settings` says so.

# What a test need not wait for.
database_settings=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off)

start_database() {
    local postgres
    postgres=$("$repository/scripts/postgres") || return
    export QUARTERDECK_POSTGRES_DIR=$postgres
    make_server_user
    database_dir=$(mktemp -d /tmp/quarterdeck-test.XXXXXX)
    if is_root; then
        chown "$server_user:" "$database_dir"
    fi
    (become_server_user "$postgres/bin/initdb" --pgdata "$database_dir/data" --username postgres --auth trust \
        --encoding UTF8 --locale C.UTF-8 --no-sync --no-instructions >/dev/null)
    make_logins "$postgres"
    launch_database "$postgres"
    export QUARTERDECK_TEST_DATABASE_URL="postgres://quarterdeck@localhost/postgres?host=$database_dir"
    export QUARTERDECK_TEST_PLAIN_DATABASE_URL="postgres://quarterdeck_plain@localhost/postgres?host=$database_dir"
    export QUARTERDECK_TEST_SUPERUSER_DATABASE_URL="postgres://postgres@localhost/postgres?host=$database_dir"
}

# The application's login, one that may not make roles, and pgvector in every database to come.
make_logins() {
    (become_server_user "$1/bin/postgres" --single -F -c exit_on_error=on -D "$database_dir/data" template1) >/dev/null 2>"$database_dir/log" <<'SQL' ||
CREATE ROLE quarterdeck LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB CREATEROLE;
CREATE ROLE quarterdeck_plain LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB NOCREATEROLE;
CREATE EXTENSION vector;
SQL
        fail "cannot prepare the throwaway database: $(cat "$database_dir/log")"
}

launch_database() {
    # A process group of its own: Ctrl-C ends what uses the database first.
    set -m
    become_server_user "$1/bin/postgres" -D "$database_dir/data" -c listen_addresses= \
        -c unix_socket_directories="$database_dir" -c max_connections=300 -c shared_buffers=256MB \
        -c jit=off -c autovacuum_naptime=1h "${database_settings[@]}" \
        >"$database_dir/log" 2>&1 </dev/null &
    database_pid=$!
    set +m
    local tries
    for tries in $(seq 1000); do
        if sed -n 8p "$database_dir/data/postmaster.pid" 2>/dev/null | grep -q ready; then
            return
        fi
        kill -0 "$database_pid" 2>/dev/null || break
        sleep 0.03
    done
    fail "the throwaway database did not start after $tries looks: $(tail -3 "$database_dir/log")"
}

# database_url NAME: the address of another database of the application's login.
database_url() {
    local address=${QUARTERDECK_TEST_DATABASE_URL%%\?*}
    local options=${QUARTERDECK_TEST_DATABASE_URL#"$address"}
    printf '%s/%s%s\n' "${address%/*}" "$1" "$options"
}

stop_database() {
    if [ -n "${database_pid:-}" ]; then
        kill -INT "$database_pid" 2>/dev/null || true
        wait "$database_pid" 2>/dev/null || true
        database_pid=
    fi
    if [ -n "${database_dir:-}" ]; then
        rm -rf "$database_dir"
    fi
}
