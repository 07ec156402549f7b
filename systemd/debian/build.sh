#!/bin/bash
# Builds the Debian package of the daemon that has been built, and lets lintian look at it.
#
#     build.sh FOLDER
#
# FOLDER is made anew; the package is put into it and its path printed on the last line.
set -euo pipefail
umask 022

cd "$(dirname "$0")/../.."
folder=$1
tree=$PWD
work=$folder/work
unset MAKEFLAGS MFLAGS MAKELEVEL

rm -rf "$folder"
mkdir -p "$work"
cp -r systemd/debian "$work/debian"
folder=$(realpath "$folder")
version=$(sed -n 's/.*text = "\(.*\)"/\1/p' Sources/ticketlockd/Version.swift)
# The date of the source, so that the same source makes the same package.
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}"
export SOURCE_DATE_EPOCH
{
    printf 'ticketlockd (%s-1) unstable; urgency=medium\n\n' "$version"
    printf '  * See changelog.gz for what has changed.\n\n'
    printf ' -- %s  %s\n' "$(sed -n 's/^Maintainer: //p' systemd/debian/control)" \
        "$(LC_ALL=C date --utc --date="@$SOURCE_DATE_EPOCH" '+%a, %d %b %Y %H:%M:%S +0000')"
} > "$work/debian/changelog"

(
    cd "$work"
    export SOURCE_TREE=$tree DEB_BUILD_OPTIONS=noautodbgsym DEB_RULES_REQUIRES_ROOT=no
    debian/rules binary
)
package=$(echo "$folder"/*.deb)
lintian --fail-on error,warning "$package"
echo "$package"
