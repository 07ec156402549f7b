# A person installs the package with one command.

files_now() {
    inside find / -xdev \( -path /srv -o -path /var/log -o -path /var/cache/apt -o -path /var/lib/apt \
        -o -path '/var/tmp/systemd-private-*' \) -prune \
        -o -path '/var/lib/dpkg/*' ! -path '*ticketlockd*' -prune -o -print | sort
}
files_now > "$folder/files.before"

installs() {
    inside apt-get install --yes -qq --no-install-recommends /srv/ticketlockd.deb > /dev/null
    [ "$(inside dpkg-query --show --showformat='${Status}' ticketlockd)" = "install ok installed" ]
}
check "apt installs the package with Debian's own libraries and nothing else" installs
passed || give_up

runs_at_once() {
    is ActiveState active
    [ "$(inside systemctl is-enabled ticketlockd.service)" = enabled ]
    # A choice of the administrator's.
    not inside systemctl is-enabled --quiet ticketlockd.socket
    not inside systemctl is-active --quiet ticketlockd.socket
}
check "The service is enabled and running, the socket unit is neither" runs_at_once

answers_soon() {
    local start took
    inside systemctl stop ticketlockd.service
    start=$(milliseconds)
    inside systemctl start ticketlockd.service
    call /readyz > /dev/null
    took=$(($(milliseconds) - start))
    echo "$took ms"
    ((took < 1000))
}
check "curl is served within a second of systemctl start" answers_soon

documents() {
    local path=/usr/share/man
    inside test -s $path/man8/ticketlockd.8.gz -a -s $path/man5/ticketlockd.yaml.5.gz
    inside test -s /usr/share/bash-completion/completions/ticketlockd
    [ "$(property Documentation)" = '"man:ticketlockd(8)" "man:ticketlockd.yaml(5)"' ]
    inside ticketlockd --check-config --config $settings_file > /dev/null
}
check "It has its manual pages, completion, and settings that are good" documents
