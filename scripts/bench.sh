#!/usr/bin/env bash
# Measures the server on the benchmark data, which are loaded the first time. Its options: see benches/README.md.
# usage: scripts/bench.sh [OPTION...]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

heading 'Measuring the server; the tables go to target/bench/report.md'
# Ten thousand sockets are two files each, one on either side.
ulimit -n "$(ulimit -Hn)"
cargo bench --bench load -- "$@" || fail 'The measurement ended early: see above. `rm -rf target/bench` starts it from nothing.'
