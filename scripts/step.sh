#!/usr/bin/env bash
# Runs one step of a make target under a heading; a failure ends with the sentence that helps.
# usage: scripts/step.sh HEADING HELP COMMAND...
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

heading "$1"
"${@:3}" || fail "$2"
