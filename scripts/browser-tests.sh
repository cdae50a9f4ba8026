#!/usr/bin/env bash
# Starts the server on an empty database and a free port, runs the browser tests of the playground, stops the server.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

heading "Browser tests"
CHROMIUM=$(chromium_program) || fail "No Chromium was found: \`scripts/setup.sh test\` installs it, or name one in CHROMIUM."
export CHROMIUM

work=$(mktemp -d)
chmod 711 "$work" # As root, PostgreSQL runs as another user, who has to enter it.
log=$work/server.log
: >"$log"
server=

# One server, whatever the environment says.
start_server() {
  cargo build --quiet || fail "The server does not build: see above."
  env -u DATABASE_URL -u DATABASE_REPLICA_URL -u REDIS_URL -u AMQP_URL SKILLSWAP_MODE=demo \
    cargo run --quiet -- serve --port 0 --data-dir "$work/data" >"$log" 2>&1 &
  server=$!
}

stop_server() {
  [[ -n $server ]] || return 0
  kill "$server" 2>/dev/null || true
  for _ in {1..200}; do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
}

finish() {
  local status=$?
  stop_server
  if ((status)) && [[ -s $log ]]; then
    printf '\nThe last lines of the server:\n' >&2
    tail -n 100 "$log" >&2
  fi
  rm -rf "$work"
}
trap finish EXIT

# The address is in the line that tells where the playground is.
address() {
  grep -o 'http://127\.0\.0\.1:[0-9]*/playground' "$log" | head -n 1 | sed 's|/playground$||'
}

is_ready() {
  node -e 'fetch(process.argv[1]).then((r) => process.exit(r.status === 200 ? 0 : 1), () => process.exit(1))' "$1/readyz"
}

wait_until_ready() {
  local deadline=$((SECONDS + 120))
  until [[ -n $(address) ]] && is_ready "$(address)"; do
    kill -0 "$server" 2>/dev/null || fail "The server ended while it was starting: its last lines say why."
    ((SECONDS < deadline)) || fail "The server was not ready after two minutes: its last lines may say why."
    sleep 0.2
  done
}

start_server
wait_until_ready
(cd playground && PLAYGROUND_URL=$(address) npm test) ||
  fail "A browser test failed: its name is above; \`npx playwright test -g '<name>'\` in playground/ runs it alone."
