#!/usr/bin/env bash
# Checks the types of the playground, and that playground/dist is what its sources build.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

heading "Playground: its types, and dist/ is what the sources build"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar -C playground --exclude=./dist --exclude=./node_modules -cf - . | tar -C "$copy" -xf -
ln -s "$PWD/playground/node_modules" "$copy/node_modules"
(cd "$copy" && npm run build) || fail "The playground does not build: see above."

# Most files are compressed, and compressors differ between versions: so it is the contents that are compared.
contents() {
  local path
  find "$1/dist" -type f | while read -r path; do
    printf '%s  %s\n' "$(if [[ $path == *.gz ]]; then gzip -dc "$path"; else cat "$path"; fi | cksum)" "${path#"$1"/}"
  done | sort -k 3
}
[[ $(contents playground) == "$(contents "$copy")" ]] ||
  fail "playground/dist is not what its sources build: run \`npm run build\` in playground/ and commit dist/."
echo "The same, file by file."
