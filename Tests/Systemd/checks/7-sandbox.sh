# What the service may not do.

state_directory() {
    local user
    user=$(inside stat --format=%u "/proc/$(main_process)")
    ((user >= 61184 && user <= 65519))
    [ "$(inside readlink /var/lib/ticketlockd)" = private/ticketlockd ]
    [ "$(inside stat --format='%u %g %a %F' /var/lib/private/ticketlockd)" = "$user $user 700 directory" ]
    [ "$(inside stat --format='%u %a %F' /run/ticketlockd)" = "$user 755 directory" ]
}
check "The StateDirectory belongs to the service's dynamic user, for it alone" state_directory

exposure() {
    # The threshold is in tenths, and is itself allowed.
    inside systemd-analyze security --no-pager --threshold=14 ticketlockd.service |
        sed -n 's/.*Overall exposure level.*: //p'
}
check "systemd-analyze security is below 1.5" exposure

no_privileges() {
    local status
    status=$(inside cat "/proc/$(main_process)/status")
    for name in CapInh CapPrm CapEff CapBnd CapAmb; do
        grep -qP "^$name:\t0{16}$" <<< "$status"
    done
    grep -qP '^NoNewPrivs:\t1$' <<< "$status"
    grep -qP '^Seccomp:\t2$' <<< "$status"
    grep -qP '^Umask:\t0077$' <<< "$status"
}
check "The daemon has no capability, and can gain none" no_privileges

# A program that tries, in a service that is as ours in everything but what it runs.
attempts() {
    local text
    text=$(inside sed -e '/^Type=/d; /^Exec/d; /^WatchdogSec=/d; /^Restart/d; /^NotifyAccess=/d' \
        -e 's|^\[Service\]$|&\nType=oneshot\nStandardOutput=file:/run/attempts.txt\nExecStart=/bin/bash /srv/attempts.sh|' \
        -e 's|^\(Runtime\|State\)Directory=.*|\1Directory=attempts|' /lib/systemd/system/ticketlockd.service)
    cp "$here/attempts.sh" "$root/srv/attempts.sh"
    inside tee /run/systemd/system/attempts.service <<< "$text" > /dev/null
    inside systemctl daemon-reload
    inside systemctl start attempts.service
    inside cat /run/attempts.txt > "$folder/log/attempts.txt"
    cat "$folder/log/attempts.txt" >&2
}
check "A program can be run as the service is" attempts
for attempt in "write elsewhere" "see other processes" "gain privileges" "use what it does not need"; do
    # As `attempts.sh` says of each.
    check "The service cannot $attempt" grep -qxF "$attempt: refused" "$folder/log/attempts.txt"
done
