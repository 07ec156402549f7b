#!/bin/bash
# Fuzzes what takes bytes from outside, with libFuzzer, the address sanitizer, and a libmicrohttpd that is built with it.
#   DURATION=60   seconds in all, split over the targets
#   ONLY=http     one target
#   SEED=1        the same random numbers again
#   REPLAY=FILE   plays one input of the target ONLY, once
# Ends with a line for each target, `ok fuzz NAME ...` or `not ok fuzz NAME ...`; not zero if there was a finding.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.."

targets="http json query redis state yaml"
only=${ONLY:-}
if [ -n "$only" ] && [[ " $targets " != *" $only "* ]]; then
    echo "ONLY=$only: there are $targets" >&2
    exit 64
fi
if [ -n "${REPLAY:-}" ] && [ -z "$only" ]; then
    echo "REPLAY=$REPLAY: name its target with ONLY=; there are $targets" >&2
    exit 64
fi

root="$PWD/.build/fuzz"
library="$root/libmicrohttpd-sanitized"
Tests/Fuzz/libmicrohttpd.sh sanitized

printf '==> Building the fuzzers\n'
# Optimized, since speed is what finds things, with all checks on. Of several -sanitize= Swift's compiler knows the last.
if ! TICKETLOCKD_FUZZ=1 swift build --product fuzz --scratch-path "$root/swift" -j "$(nproc)" \
    --sanitize=fuzzer --sanitize=address -Xswiftc -sanitize=fuzzer,address \
    -Xswiftc -O -Xswiftc -assert-config -Xswiftc Debug -Xswiftc -enforce-exclusivity=checked \
    -Xswiftc -use-ld=lld -Xlinker "-L$library" -Xlinker "-rpath=$library" > "$root/build.log" 2>&1; then
    errors=$(grep -E -A5 'error:' "$root/build.log" || cat "$root/build.log")
    head -n 60 <<< "$errors" >&2
    exit 1
fi
fuzz="$root/swift/debug/fuzz"

# A crash is libFuzzer's to report.
export SWIFT_BACKTRACE=enable=no
export LSAN_OPTIONS="suppressions=$PWD/Tests/lsan.supp:print_suppressions=0"
mkdir -p "$root/findings"
# What an input needs on a disk is in memory, and goes also when it ends in a crash.
TICKETLOCKD_FUZZ_FOLDER=$(mktemp --directory --tmpdir="$(ls -d /dev/shm /tmp 2>/dev/null | head -n 1)" fuzz-XXXXXX)
export TICKETLOCKD_FUZZ_FOLDER
trap 'rm -rf "$TICKETLOCKD_FUZZ_FOLDER"' EXIT

if [ -n "${REPLAY:-}" ]; then
    TICKETLOCKD_FUZZ_TARGET=$only "$fuzz" -rss_limit_mb=2048 "$REPLAY"
    exit
fi

# Fuzzes one target for so many seconds, and says what came of it.
fuzz_target() {
    local target=$1 seconds=$2 seed=${SEED:-$((RANDOM * 32768 + RANDOM + 1))} status=0
    local corpus="$root/corpus/$target" log="$root/$target.log" options=()
    mkdir -p "$corpus"
    [ ! -e "Tests/Fuzz/dictionaries/$target" ] || options+=("-dict=Tests/Fuzz/dictionaries/$target")
    printf '==> Fuzzing %s for %s s, seed %s\n' "$target" "$seconds" "$seed"
    TICKETLOCKD_FUZZ_TARGET=$target timeout --kill-after=10 $((seconds + 120)) "$fuzz" "-seed=$seed" \
        "-max_total_time=$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=20000 -print_final_stats=1 \
        "-artifact_prefix=$root/findings/$target-" "${options[@]}" "$corpus" "Tests/Fuzz/$target" \
        > "$log" 2>&1 || status=$?
    local count
    count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if ((status == 0)); then
        results+=("ok fuzz $target: ${count:-0} inputs in $seconds s, seed $seed")
        return
    fi
    grep -vE '^(#[0-9]|INFO)' "$log" > "$log.short" || true
    head -n 60 "$log.short"
    local file
    file=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    echo "The input: ${file:-none was kept; see $log}"
    [ -z "$file" ] || echo "Once more: make fuzz ONLY=$target REPLAY=$file"
    results+=("not ok fuzz $target: exit status $status, seed $seed, ${file:-$log}")
    failed=1
}

failed=0
results=()
names=${only:-$targets}
count=$(wc -w <<< "$names")
seconds=$((${DURATION:-60} / count))
for target in $names; do fuzz_target "$target" $((seconds > 0 ? seconds : 1)); done
printf '%s\n' "${results[@]}"
exit "$failed"
