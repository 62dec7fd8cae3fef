#!/usr/bin/env bash
# ./test.sh [lint|cpp|python|docs|asan|tsan|fuzz|aarch64 ...]   without a name: lint, cpp, python and docs
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Builds the preset $1 and runs its C++ tests, by the command in the further arguments if there are any.
run_ctest() {
  local preset=$1; shift
  cmake --preset "$preset" >"build/$preset.log" || { cat "build/$preset.log"; return 1; }
  cmake --build --preset "$preset"
  "$@" ctest --preset "$preset"
}

test_lint() {
  local cpp_files
  mapfile -t cpp_files < <(git ls-files '*.cpp' '*.hpp')
  clang-format-14 --dry-run -Werror "${cpp_files[@]}"
  .venv/bin/ruff check --quiet
  .venv/bin/ruff format --check --quiet
  .venv/bin/mypy
  test_tidy
}

# clang-tidy on the sources changed since it last passed: seconds each, minutes for all.
test_tidy() {
  local stamp=build/tidy.passed changed
  cmake --preset release >build/release.log
  cmake --build --preset release --target muxnet_inference_messages >>build/release.log  # included by others
  mkdir -p build/tidy
  # Clang cannot use the headers that GCC has precompiled.
  sed 's/-Winvalid-pch -include [^ ]*//' build/release/compile_commands.json >build/tidy/compile_commands.json
  touch "$stamp.new"
  mapfile -t changed < <(git ls-files 'cpp/*.cpp' | while read -r file; do
    if [ ! -e "$stamp" ] || [ "$file" -nt "$stamp" ]; then echo "$file"; fi
  done)
  printf '%s\n' "${changed[@]}" | xargs -r -P "$(nproc)" -n 1 clang-tidy-14 -p build/tidy --quiet 2>build/tidy.log ||
    { grep -v 'warnings generated' build/tidy.log; return 1; }
  mv "$stamp.new" "$stamp"
}

test_cpp() { run_ctest release; }

test_python() { .venv/bin/python -m pytest; }

# Builds the site of notebooks/site in build/site; a warning is an error, and so is a page that loads from elsewhere.
test_docs() {
  .venv/bin/sphinx-build -q -W --keep-going -n -d build/site-doctrees notebooks/site build/site
  ! grep -rlE --include='*.html' '<(script|link|img|iframe)[^>]* (src|href)="(https?:)?//' build/site
}

test_asan() { run_ctest asan; }

test_tsan() {
  # GCC 12's run time cannot place its shadow memory when the kernel scatters addresses widely.
  if setarch -R true 2>/dev/null; then run_ctest tsan setarch -R; else run_ctest tsan; fi
}

# Shows each reader of tests/cpp/fuzz MUXNET_FUZZ_RUNS inputs (1,000,000), made of tests/hostile and what earlier runs
# kept in build/fuzz/corpus. An input that breaks one lies in build/fuzz/findings: mend the reader, and keep the input.
test_fuzz() {
  cmake --preset fuzz >build/fuzz.log || { cat build/fuzz.log; return 1; }
  cmake --build --preset fuzz
  mkdir -p build/fuzz/findings
  local target folder
  for folder in tests/hostile/*/; do
    target=$(basename "$folder")
    mkdir -p "build/fuzz/corpus/$target"
    say "fuzz $target"
    MUXNET_FUZZ=$target build/fuzz/tests/cpp/fuzz/fuzzer -runs="${MUXNET_FUZZ_RUNS:-1000000}" -max_len=16384 -timeout=10 \
      -malloc_limit_mb=64 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
      -artifact_prefix="build/fuzz/findings/$target-" "build/fuzz/corpus/$target" "$folder"
  done
}

# The C++ tests for 64-bit ARM, run by QEMU, and a program that must decide there as it does here.
test_aarch64() {
  local missing=() tool
  for tool in aarch64-linux-gnu-g++:g++-aarch64-linux-gnu qemu-aarch64-static:qemu-user-static mmdebstrap:mmdebstrap; do
    command -v "${tool%:*}" >/dev/null || missing+=("${tool#*:}")
  done
  [ ${#missing[@]} -eq 0 ] || { say "aarch64 needs, beside what ./run.sh installs: apt-get install ${missing[*]}"; return 1; }
  [ -d build/aarch64-sysroot ] || make_sysroot build/aarch64-sysroot
  run_ctest aarch64
  MUXNET_AARCH64=1 .venv/bin/python -m pytest tests/python/test_installed_libraries.py
}

# Debian's packages for ARM, unpacked into the folder $1 and not set up: nothing of theirs has to run.
make_sysroot() {
  local packages=(libc6-dev libstdc++-12-dev libopenblas-openmp-dev libeigen3-dev libopencv-core-dev libopencv-imgproc-dev
    libopencv-imgcodecs-dev libtbb-dev nlohmann-json3-dev libarchive-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev zlib1g-dev
    libcurl4-openssl-dev libboost-dev libssl-dev libgrpc++-dev libprotobuf-dev libgtest-dev) library
  mmdebstrap --variant=extract --architectures=arm64 --include="$(IFS=,; echo "${packages[*]}")" bookworm "$1.new"
  for library in blas lapack; do  # what setting up would link
    ln -s "openblas-openmp/lib$library.so.3" "$1.new/usr/lib/aarch64-linux-gnu/lib$library.so.3"
  done
  mv "$1.new" "$1"
}

[ $# -gt 0 ] || set -- lint cpp python docs
for part in "$@"; do
  case $part in
    lint | cpp | python | docs | asan | tsan | fuzz | aarch64) ;;
    *) say "no part is called '$part'; there are lint, cpp, python, docs, asan, tsan, fuzz, aarch64"; exit 2 ;;
  esac
done

if [ -z "${MUXNET_TEST_DATA:-}" ] && [ -d ../shared/data ]; then
  MUXNET_TEST_DATA=$(realpath ../shared/data)
fi
export MUXNET_TEST_DATA=${MUXNET_TEST_DATA:-}

./run.sh --setup dev
mkdir -p build
for part in "$@"; do
  say "$part"
  "test_$part"
done
say "passed: $*"
