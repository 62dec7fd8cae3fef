#!/usr/bin/env bash
# ./run.sh [ARG ...]          set up where needed, then `muxnet run ARG ...` (without ARG: the digits example)
# ./run.sh --setup [dev]      only set up; `dev` adds what ./test.sh needs
# MUXNET_SKIP_PACKAGES=1 leaves the system's packages alone: you provide them.
set -euo pipefail
cd "$(dirname "$0")"

packages=(g++ cmake ninja-build ccache libdnnl-dev libopenblas-openmp-dev libeigen3-dev
          libopencv-core-dev libopencv-imgproc-dev libtbb-dev
          nlohmann-json3-dev libarchive-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev zlib1g-dev libcurl4-openssl-dev libboost-dev libssl-dev libgrpc++-dev libprotobuf-dev protobuf-compiler)
dev_packages=(libgtest-dev libopencv-imgcodecs-dev clang-format-14 clang-tidy-14 libomp-14-dev clang-14 libclang-rt-14-dev)
stamp=.venv/.muxnet-installed

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Prints a Python that can make the environment and compile an extension.
find_python() {
  local check='import ensurepip, os, sys, sysconfig, venv
sys.exit(sys.version_info < (3, 11) or not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
  for python in python3 /usr/bin/python3; do
    if "$python" -c "$check" 2>/dev/null; then echo "$python"; return; fi
  done
  return 1
}

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
  for package in "${packages[@]}"; do
    grep -qxF "installed $package" <<<"$installed" || echo "$package"
  done
  find_python >/dev/null || printf '%s\n' python3 python3-dev python3-venv
}

install_packages() {
  [ -z "${MUXNET_SKIP_PACKAGES:-}" ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "this system has no apt-get. Install what these Debian packages hold, then run again with MUXNET_SKIP_PACKAGES=1:"
    say "${packages[*]} python3-dev (3.11 or newer) python3-venv"
    exit 1
  fi
  local missing as_root=()
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
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
  [ "$(cat "$stamp-$1" 2>/dev/null)" = "$PWD" ] && [ -z "$(find cpp bindings python CMakeLists.txt \
    pyproject.toml VERSION -name __pycache__ -prune -o -newer "$stamp-$1" -print -quit)" ]
}

install_package() {
  up_to_date "$1" && return
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1 || [ "$(cat .venv/.place 2>/dev/null)" != "$PWD" ]; then
    say "making the Python environment .venv"
    "$(find_python)" -m venv --clear .venv
    echo "$PWD" >.venv/.place
  fi
  say "building and installing muxnet into .venv (the first time takes some minutes)"
  local started=.venv/.started requirements
  echo "$PWD" >"$started"
  # Without build isolation, so that an unchanged file is not compiled again.
  mapfile -t requirements < <(.venv/bin/python -c "import tomllib
print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')")
  .venv/bin/python -m pip install -q "${requirements[@]}"
  .venv/bin/python -m pip install -q --no-build-isolation ".$([ "$1" = user ] || echo "[$1]")"
  cp -p "$started" "$stamp-user"
  [ "$1" = user ] || cp -p "$started" "$stamp-$1"
}

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
kind=user
if [ "${1:-}" = --setup ]; then kind=${2:-user}; fi
case $kind in
  user) ;;
  dev) packages+=("${dev_packages[@]}") ;;
  *) say "--setup takes nothing or 'dev', not '$kind'"; exit 2 ;;
esac
install_packages
install_package "$kind"
if [ "${1:-}" != --setup ]; then exec .venv/bin/muxnet run "$@"; fi
