# The container: a copy of the base folder in which systemd runs as process 1.

start_container() {
    root=$folder/root
    rm -rf "$root"
    cp -a --reflink=auto "$folder/base" "$root"
    boot_container
}

boot_container() {
    # It dies with this script, however that ends.
    setpriv --pdeathsig KILL systemd-nspawn --directory="$root" --machine="ticketlockd-$$" --boot \
        --register=no --keep-unit --private-network --resolv-conf=off --timezone=off --link-journal=no \
        --settings=no --console=read-only \
        >> "$folder/log/console.log" 2>&1 < /dev/null 9>&- &
    container=$!
    if ! (eventually 30 first_process && eventually 60 booted) > /dev/null 2>&1; then
        tail -n 20 "$folder/log/console.log" >&2
        stop_container
        echo "The container did not boot" >&2
        exit 1
    fi
    leader=$(first_process)
}

# Shuts the container down in order, and boots it again. Not within a check.
reboot_container() {
    # Not its own `reboot`, which systemd-nspawn is not able to follow in a container.
    inside systemctl --no-block poweroff
    wait "$container" || true
    boot_container
}

# Kills the container, and boots it again. Not within a check.
kill_container() {
    kill -KILL "$leader"
    wait "$container" || true
    boot_container
}

# The container's process 1, as it is numbered outside.
first_process() {
    local process
    read -r process < "/proc/$container/task/$container/children"
    [ "$(cat "/proc/$process/comm")" = systemd ] && echo "$process"
}

booted() {
    leader=$(first_process)
    # Degraded: some service of Debian's own does not work here.
    [[ "$(inside systemctl is-system-running)" =~ ^(running|degraded)$ ]]
}

# Asks it to shut down; kills it if that takes too long.
stop_container() {
    trap - EXIT
    if [ -n "${leader:-}" ]; then
        inside journalctl --no-pager --output=short-precise > "$folder/log/journal.txt" || true
    fi
    kill "$container" 2>/dev/null || true
    for _ in {1..200}; do
        kill -0 "$container" 2>/dev/null || break
        sleep 0.05
    done
    kill -KILL "$container" 2>/dev/null || true
    wait "$container" || true
    rm -rf "$root"
}

# inside COMMAND...: as root in the container.
inside() {
    timeout 60 nsenter --target "$leader" --all -- \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
