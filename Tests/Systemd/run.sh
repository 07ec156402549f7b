#!/bin/bash
# Tests the package in a container that boots systemd: one line for each check, in the form of the Test Anything
# Protocol. Ends with 1 if a check failed, with 77 if containers cannot be had here.
#
#     run.sh PACKAGE.deb
#
# FOLDER/base is a Debian of its own, made once; each run boots a copy of it, with a network of its own.
set -euo pipefail

# All of it takes a minute or two, five with the making of the base. The container ends with this script.
if [ -z "${IN_TIME:-}" ]; then
    IN_TIME=yes exec timeout --foreground --kill-after=90 600 "$0" "$@"
fi

export LC_ALL=C.UTF-8
here=$(realpath "$(dirname "$0")")
source "$here/check.sh"
source "$here/base.sh"
source "$here/container.sh"
source "$here/service.sh"
require_containers

package=$(realpath "$1")
folder=$here/../../.build/systemd
mkdir -p "$folder"
folder=$(realpath "$folder")

# One run at a time: they share the folder.
exec 9> "$folder/lock"
flock 9
rm -rf "$folder/log"
mkdir "$folder/log"

make_base
fetch_package "$package"
start_container
trap stop_container EXIT
for file in "$here"/checks/*.sh; do
    source "$file"
done
summary
