# The package goes.

remove() {
    inside apt-get remove --yes -qq ticketlockd > /dev/null
    not inside sh -c 'grep -qx ticketlockd /proc/[0-9]*/comm'
    [ "$(property LoadState)" = not-found ]
    [ "$(property LoadState ticketlockd.socket)" = not-found ]
    not call /healthz 2> /dev/null
    inside sh -c 'test ! -e /usr/bin/ticketlockd -a ! -e /run/ticketlockd -a ! -e /run/ticketlockd.sock'
    # What the administrator wrote, and the state, are there for a new installation.
    [ "$(inside cat $settings_file)" = "$edited" ]
    [ "$(inside cat /var/lib/private/ticketlockd/kept)" = kept ]
}
check "Removal stops the service and its socket, and keeps settings and state" remove

return_again() {
    apt_upgrade /srv/other-settings.deb -o Dpkg::Options::=--force-confold
    is ActiveState active
    [ "$(inside cat $settings_file)" = "$edited" ]
    inside systemctl stop ticketlockd.socket ticketlockd.service
}
check "Installed again it has the settings of before" return_again

purge() {
    inside apt-get purge --yes -qq --autoremove ticketlockd > /dev/null
    inside rm -rf /run/systemd/system/attempts.service /var/lib/attempts /var/lib/private/attempts
    files_now > "$folder/files.after"
    diff "$folder/files.before" "$folder/files.after" >&2
    [ "$(property LoadState)" = not-found ]
    not inside test -e /run/ticketlockd.sock
    [ "$(inside systemctl list-units --all --plain --no-legend '*ticketlockd*')" = "" ]
}
check "Purging leaves nothing behind" purge
