#!/usr/bin/env bash
# Checks that the sources of the playground are sound and that playground/dist is what they build.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

heading "Playground: types"
(cd playground && npm run --silent typecheck) ||
  fail "The types of the playground are wrong: see above; \`npm run typecheck\` in playground/ runs this alone."

heading "Playground: dist/ is what the sources build"
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
(cd playground && npx vite build --outDir "$built" --emptyOutDir --logLevel warn) ||
  fail "The playground does not build: see above."

# dist/ holds most files compressed, and compressors differ between versions: so the contents are compared.
contents() {
  local path name
  find "$1" -type f | while read -r path; do
    name=${path#"$1"/}
    printf '%s  %s\n' "$(if [[ $path == *.gz ]]; then gzip -dc "$path"; else cat "$path"; fi | cksum)" "${name%.gz}"
  done | sort -k 2
}
diff <(contents playground/dist) <(contents "$built") >&2 ||
  fail "playground/dist is not what its sources build: run \`npm run build\` in playground/ and commit dist/."
echo "The same, file by file."
