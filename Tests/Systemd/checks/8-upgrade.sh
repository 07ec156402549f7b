# A higher version comes, while clients work.

edited='# Edited by an administrator.
locks: {max_lifetime: 1234}'

apt_upgrade() {
    inside apt-get install --yes -qq --no-install-recommends "$@" > /dev/null
}

upgrade() {
    local before
    before=$(main_process)
    settings "$edited"
    inside sh -c 'echo kept > /var/lib/private/ticketlockd/kept'
    apt_upgrade /srv/upgrade.deb
    is ActiveState active
    [ "$(main_process)" != "$before" ]
    [[ "$(inside dpkg-query --show --showformat='${Version}' ticketlockd)" = *+upgrade1 ]]
    [ "$(inside cat $settings_file)" = "$edited" ]
    [ "$(inside cat /var/lib/private/ticketlockd/kept)" = kept ]
    inside sh -c "test ! -e $settings_file.dpkg-dist -a ! -e $settings_file.dpkg-new"
    post issue-ticket '{"conversation_id":"upgrade","lifetime":1234}' > /dev/null
    not post issue-ticket '{"conversation_id":"upgrade","lifetime":1235}' > /dev/null
}
check "An upgrade restarts the service, and asks nothing, and keeps edited settings and the StateDirectory" upgrade

upgrade_of_settings() {
    socket_on
    under_load apt_upgrade -o Dpkg::Options::=--force-confold /srv/other-settings.deb
    inside systemctl is-active --quiet ticketlockd.socket
    [[ "$(inside dpkg-query --show --showformat='${Version}' ticketlockd)" = *+upgrade2 ]]
    [ "$(inside cat $settings_file)" = "$edited" ]
    inside grep -q 'settings of a later version' $settings_file.dpkg-dist
}
check "An upgrade under load with other default settings refuses no connection and keeps the edited ones" \
    upgrade_of_settings

upgrade_of_stopped() {
    inside systemctl disable --now --quiet ticketlockd.service ticketlockd.socket
    apt_upgrade --reinstall /srv/other-settings.deb -o Dpkg::Options::=--force-confold
    not is ActiveState active
    not inside systemctl is-enabled --quiet ticketlockd.service
    inside systemctl enable --now --quiet ticketlockd.socket ticketlockd.service
}
check "A service that was disabled and stopped stays so" upgrade_of_stopped
