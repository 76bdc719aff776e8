#!/usr/bin/env bash
# ./build.sh         format check, build, all tests, on one emulated CANN: what .ci/run does first
# ./build.sh soak    the long tier: fuzz and property tests with many more iterations, and load on a running server
# ./build.sh bench   the benchmark project's list of commands
# ./build.sh emulator  builds the emulated CANN and runs the Ascend suites in full on each of its profiles, or on those named
# ./build.sh cuda-emulator  builds the emulated CUDA, runs its own tests and the CUDA suites on each of its profiles, or on those named
# ./build.sh lines   lines of C# by folder, so that growth is seen
set -euo pipefail
cd "$(dirname "$0")"
case "${1:-check}" in
  check) bash .ci/run --quick ;;
  soak)
    # The tests' own counts are multiplied by GLM5_SOAK; CsCheck_Iter is for those that name none.
    export CsCheck_Iter="${CsCheck_Iter:-20000}" GLM5_SOAK="${GLM5_SOAK:-20}"
    dotnet test -c Release ;;
  emulator)
    # --no-build: the tests' own build is there already.
    options=()
    if [ "${2:-}" = "--no-build" ]; then options=(--no-build); set -- "$1" "${@:3}"; fi
    for tool in cmake node; do
      command -v "$tool" >/dev/null || { echo "not run: no $tool for the emulated CANN"; exit 0; }
    done
    command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null \
      || { echo "not run: no C++ compiler for the emulated CANN"; exit 0; }
    built="$PWD/artifacts/cann-emulator"
    cmake -S tests/cann-emulator -B "$built" -DCMAKE_BUILD_TYPE=Release
    cmake --build "$built" --parallel
    profiles=("${@:2}")
    [ ${#profiles[@]} -gt 0 ] || profiles=(a2-x86-8.1 a2-arm-8.5 a3-arm-9.0 a3-arm-9.1)
    status=0
    for profile in "${profiles[@]}"; do
      echo "== $profile"
      # A results file of its own, and lazily once: streams then run only when something waits for them.
      schedule=eager
      [ "$profile" != a2-arm-8.5 ] || schedule=lazy
      GLM5_TEST_CANN="$built/$profile" CANN_EMULATOR_SCHEDULE=$schedule dotnet test -c Release "${options[@]}" tests/conformance \
        --filter "FullyQualifiedName~Tenants.Ascend" "-p:VSTestLogger=trx%3BLogFileName=Ascend-$profile.trx" || status=1
    done
    # The server on it: the model answers, and each fault of a device is told and ends the program with its code.
    echo "== serving"
    GLM5_TEST_CANN="$built/a2-arm-8.5" dotnet test -c Release "${options[@]}" tests/clients --filter "FullyQualifiedName~Clients.Ascend" \
      "-p:VSTestLogger=trx%3BLogFileName=Ascend-serving.trx" || status=1
    exit $status ;;
  cuda-emulator)
    built="$PWD/artifacts/cuda-emulator"
    cmake -S tests/cuda-emulator -B "$built" -DCMAKE_BUILD_TYPE=Release
    cmake --build "$built" --parallel
    profiles=("${@:2}")
    [ ${#profiles[@]} -gt 0 ] || profiles=(h200 h100 b200 h200-mig h200-old)
    for profile in "${profiles[@]}"; do
      echo "== $profile"
      ctest --test-dir "$built" --output-on-failure -R "^$profile\$"
    done
    for profile in "${profiles[@]}"; do
      # A slice and an old driver are there to be refused.
      case "$profile" in h200|h100|b200) GLM5_TEST_CUDA="$built/$profile" dotnet test -c Release tests/conformance --filter "FullyQualifiedName~Tenants.Cuda" ;; esac
    done ;;
  bench) dotnet run -c Release --project tests/benchmarks -- "${@:2}" ;;
  lines)
    for folder in core/* backends/* host tests/*; do
      git ls-files -z "$folder/*.cs" | xargs -0r cat | wc -l | awk -v folder="$folder" '$1 { printf "%7d  %s\n", $1, folder }'
    done ;;
  *) echo "usage: ./build.sh [check|soak|bench|emulator|cuda-emulator|lines]" >&2; exit 2 ;;
esac
