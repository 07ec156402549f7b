#!/bin/bash
# Builds libmicrohttpd from the source of the Debian package that is installed, in up to two ways:
#   sanitized   with the address sanitizer, some checks for undefined behaviour, and coverage for libFuzzer
#   symbolic    with -Bsymbolic-functions and nothing else
# `libmicrohttpd.sh [WAY...]`; into .build/fuzz/libmicrohttpd-WAY. What is there for this version is not built again.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.."

# Those that never stop a program that is right: odd alignment and arithmetic on NULL are common in C.
undefined=bounds,integer-divide-by-zero,null,return,shift,signed-integer-overflow,unreachable,vla-bound
# Calls of the library's own functions can be intercepted, as in Debian's build, which clang otherwise inlines.
sanitize="-fsemantic-interposition -fsanitize=address,fuzzer-no-link,$undefined -fno-sanitize-recover=all"

root="$PWD/.build/fuzz"
version=$(dpkg-query --show --showformat='${source:Version}' libmicrohttpd12)
log="$root/libmicrohttpd.log"
mkdir -p "$root"
: > "$log"
exec 3>&1
trap '(($? == 0)) || { tail -n 20 "$log" >&2; echo "libmicrohttpd could not be built: see $log" >&2; }' EXIT

# The machine's own sources of packages, as sources of source packages.
source_lists() {
    local codename
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    find /etc/apt -maxdepth 2 -name '*.list' -exec cat {} + |
        sed -nE "s/^deb (.*[ ]$codename[^ ]* .*main.*)/deb-src \1/p" > "$1/machine.list"
    find /etc/apt -maxdepth 2 -name '*.sources' -exec sed '$G' {} + |
        awk -v RS= -v ORS='\n\n' "/\nSuites:[^\n]* $codename/ && /\nComponents:[^\n]* main/" |
        sed -E 's/^Types:.*/Types: deb-src/' > "$1/machine.sources"
    find "$1" -name 'machine.*' -empty -delete
}

# The package's source, in a folder; the machine's apt knows nothing of it.
fetch() {
    [ "$(cat "$root/source/version" 2>/dev/null)" != "$version" ] || return 0
    local apt="$root/apt"
    rm -rf "$apt" "$root/source"
    mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" "$root/source"
    source_lists "$apt/sources"
    local options=(-q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources"
        -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=)
    apt-get "${options[@]}" update
    (cd "$root/source" && apt-get "${options[@]}" source "libmicrohttpd=$version")
    rm -rf "$apt"
    echo "$version" > "$root/source/version"
}

# compile WAY CFLAGS [LDFLAGS]
compile() {
    local folder="$root/libmicrohttpd-$1" stamp
    stamp="$version $2 ${3:-} $(clang --version | head -n 1)"
    [ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ] || return 0
    printf '==> Building libmicrohttpd %s (%s)\n' "$version" "$1" >&3
    fetch
    rm -rf "$folder" "$root/build"
    mkdir -p "$folder" "$root/build"
    cd "$root/build"
    ../source/libmicrohttpd-*/configure --disable-static --disable-doc --disable-examples --disable-curl \
        --disable-tools --disable-dependency-tracking CC=clang CFLAGS="-g -O2"
    make -j "$(nproc)" -C src/microhttpd CFLAGS="$2" LDFLAGS="${3:-}" libmicrohttpd.la
    cp -P src/microhttpd/.libs/libmicrohttpd.so* "$folder/"
    cd "$root"
    rm -rf build
    echo "$stamp" > "$folder/stamp"
}

(($# > 0)) || set -- sanitized symbolic
for way in "$@"; do
    case "$way" in
        sanitized) compile sanitized "-g -O1 -fno-omit-frame-pointer $sanitize" >> "$log" 2>&1 ;;
        symbolic) compile symbolic "-g -O2" -Wl,-Bsymbolic-functions >> "$log" 2>&1 ;;
        *) echo "$way: there are sanitized and symbolic" >> "$log" && exit 64 ;;
    esac
done
