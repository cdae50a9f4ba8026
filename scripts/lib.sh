# What the scripts share: `. scripts/lib.sh` from the root of the project.
# shellcheck shell=bash

# Rust as rustup installs it, and a Node.js that setup.sh installed because the system's is too old.
export PATH="$PWD/target/tools/node_modules/.bin:$PATH:$HOME/.cargo/bin"

heading() {
  printf '\n=== %s\n' "$*"
}

fail() {
  printf '\nerror: %s\n' "$*" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# The program of a Chromium browser: $CHROMIUM, or the first of the usual names.
chromium_program() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [[ -n $name ]] && type -P "$name"; then
      return
    fi
  done
  return 1
}
