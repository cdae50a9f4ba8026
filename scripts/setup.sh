#!/usr/bin/env bash
# Makes sure that this machine has what a make target needs, and does nothing if it has.
# Missing Debian packages are installed as root or by a sudo that asks nothing; elsewhere it says what to install.
# usage: scripts/setup.sh run|test|bench
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

main() {
  case ${1:-} in
    run) need_rust && need_server ;;
    test) need_rust && need_server && need_redis && need_openssl && need_pdftotext && need_node && need_browser && need_python ;;
    bench) need_rust && need_server && need_node ;;
    *) fail "usage: scripts/setup.sh run|test|bench" ;;
  esac
  if ((${#packages[@]})); then
    install_packages
  fi
  case $1 in
    test)
      renew_node
      install_packages_of playground "the playground"
      install_packages_of tests/oidc "the tests' identity provider"
      install_packages_of tests/s3 "the tests' S3 server"
      install_judge
      ;;
    bench) renew_node ;;
  esac
}

# What is missing, and the packages that bring it.
missing=()
packages=()

# need CHECK WHAT PACKAGE...
need() {
  "$1" && return
  missing+=("$2")
  packages+=("${@:3}")
}

need_rust() {
  local wanted
  wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  has cargo || fail "Rust $wanted or newer is needed: install it as https://rustup.rs says, then run this again."
  at_least "$wanted" "$(cargo --version | cut -d ' ' -f 2)" ||
    fail "Rust $wanted or newer is needed, this is $(cargo --version): run \`rustup update stable\`, then run this again."
}

need_server() {
  need has_c_compiler "a C compiler" gcc libc6-dev
  if [[ -n ${PG_BIN_DIR:-} ]]; then
    holds_postgres "$PG_BIN_DIR" ||
      fail "PG_BIN_DIR names $PG_BIN_DIR, which does not hold \`initdb\` and \`postgres\`: correct or unset it."
  fi
  need has_postgres "the PostgreSQL server" postgresql
}

# The tests start their own: this package brings the program without a service that runs.
need_redis() {
  need has_redis "Redis" redis-tools
}

# The tests make certificates with it.
need_openssl() {
  need has_openssl "OpenSSL" openssl
}

# The tests read invoices with it.
need_pdftotext() {
  need has_pdftotext "pdftotext" poppler-utils
}

need_node() {
  need has_node "Node.js with npm" nodejs npm
}

need_browser() {
  need chromium_program "Chromium" chromium >/dev/null
}

# The calls to Stripe are judged by its own library.
need_python() {
  need has_python "Python with venv" python3 python3-venv
}

has_c_compiler() {
  has cc
}

has_redis() {
  has redis-server || has redis-check-rdb
}

has_openssl() {
  has openssl
}

has_pdftotext() {
  has pdftotext
}

has_python() {
  has python3 && python3 -c 'import ensurepip'
}

has_node() {
  has node && has npm
}

# The places the server itself looks in.
has_postgres() {
  local folders folder
  IFS=: read -ra folders <<<"${PG_BIN_DIR:-}:$PATH"
  has pg_config && folders+=("$(pg_config --bindir)")
  folders+=(/usr/lib/postgresql/*/bin /usr/lib/postgresql*/bin /usr/pgsql-*/bin /usr/libexec/postgresql*)
  folders+=(/opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /usr/local/pgsql/bin)
  for folder in "${folders[@]}"; do
    holds_postgres "$folder" && return
  done
  return 1
}

holds_postgres() {
  [[ -x $1/initdb && -x $1/postgres ]]
}

# at_least WANTED FOUND
at_least() {
  printf '%s\n%s\n' "$1" "$2" | sort -VC
}

install_packages() {
  local what advice as_root=()
  printf -v what '%s, ' "${missing[@]}"
  advice="Missing here: ${what%, }. On Debian or Ubuntu: apt-get install ${packages[*]}"
  has apt-get || fail "$advice. On another system, install the same by its own means, then run this again."
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || fail "$advice (as root), then run this again."
    as_root=(sudo -n)
  fi
  heading "Installing what is missing: ${what%, }"
  "${as_root[@]}" apt-get update -qq || echo "The package lists could not be refreshed; trying with those at hand."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]/%postgresql/$(postgres_package)}" >/dev/null ||
    fail "The packages could not be installed: look above for the reason. $advice"
  hash -r
}

# The package of the current major version, without the one that only depends on it.
postgres_package() {
  local versioned
  versioned=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1)
  echo "${versioned:-postgresql}"
}

# Distributions keep an old Node.js for years; npm has new ones.
renew_node() {
  local wanted
  wanted=$(sed -n 's/.*"node": ">=\(.*\)".*/\1/p' playground/package.json)
  at_least "$wanted" "$(node --version | tr -d v)" && return
  heading "Installing Node.js 22 for this project, because this is $(node --version) and $wanted is needed"
  npm install --prefix target/tools --no-save --no-audit --no-fund node@22 ||
    fail "Node.js $wanted or newer is needed: install it as https://nodejs.org says, then run this again."
  hash -r
}

# npm ci, unless the packages of this very lock file are there.
# install_packages_of FOLDER NAME
install_packages_of() {
  local lock=$1/package-lock.json installed=$1/node_modules/.installed-lock.json
  cmp -s "$lock" "$installed" && return
  heading "Installing the packages of $2"
  npm ci --prefix "$1" --no-audit --no-fund ||
    fail "The packages of $2 could not be installed: is the npm registry reachable from here?"
  cp "$lock" "$installed"
}

install_judge() {
  local folder=target/tools/judge wanted='stripe==16.1.0'
  [[ -f $folder/$wanted ]] && return
  heading "Installing Stripe's library, which judges the calls to Stripe"
  python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$wanted" ||
    fail "Stripe's library could not be installed: is PyPI reachable from here?"
  touch "$folder/$wanted"
}

main "$@"
