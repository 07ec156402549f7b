# The service is active when the daemon is ready, and only then.

slow_start() {
    local start
    drop_in '[Service]
ExecStart=
ExecStart=/bin/sh -c "sleep 1.5; exec /usr/bin/ticketlockd --config /etc/ticketlockd/ticketlockd.yaml"'
    start=$(milliseconds)
    inside systemctl restart --no-block ticketlockd.service
    eventually 5 is ActiveState activating
    not call /readyz 2> /dev/null
    eventually 10 is ActiveState active
    call /readyz > /dev/null
    echo "active after $(($(milliseconds) - start)) ms"
    no_drop_in
    inside systemctl restart ticketlockd.service
}
check "While the daemon starts the service is activating; when it is active, it answers" slow_start

address_taken() {
    # The first service of a socket that is in use keeps its address: here, the daemon itself.
    not inside timeout 5 ticketlockd --listen 127.0.0.1:5625 2> /dev/null
    settings 'listen: ["192.0.2.1:5625"]'
    inside systemctl stop ticketlockd.service
    not inside systemctl start ticketlockd.service
    not is ActiveState active
    settings ''
    eventually 5 is ActiveState active
}
check "An address that cannot be had: never active; active by itself when it can be had" address_taken

wrong_settings() {
    local mark
    mark=$(journal_mark)
    settings 'locks: {max_lokcs: 5}'
    not inside systemctl restart ticketlockd.service
    is ActiveState failed
    is ExecMainStatus 78
    is NRestarts 0
    journal_since "$mark" | grep 'max_lokcs: is not a known key; did you mean locks.max_locks?' > /dev/null
    settings ''
    inside systemctl start ticketlockd.service
}
check "Wrong settings: failed at once, not tried again, the journal says what is wrong" wrong_settings
