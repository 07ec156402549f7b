# Reload, and what the journal shows.

reload() {
    local mark before
    before=$(main_process)
    mark=$(journal_mark)
    post issue-ticket '{"conversation_id":"reload","lifetime":120}' > /dev/null
    settings 'locks: {max_lifetime: 90}
http: {max_connections: 77}'
    inside systemctl reload ticketlockd.service
    eventually 5 not post issue-ticket '{"conversation_id":"reload","lifetime":120}' > /dev/null
    [ "$(main_process)" = "$before" ]
    # What was there before stays.
    call '/v1/is-waiting?conversation_id=reload' | grep '"is_someone_waiting":true' > /dev/null
    eventually 5 reload_told "$mark" "setting changed key=locks.max_lifetime new=90 old=3600"
    reload_told "$mark" "setting changed; it needs a restart key=http.max_connections new=77 old=10000"
}
reload_told() {
    journal_since "$1" --output=cat | grep -xF "$2" > /dev/null
}
check "systemctl reload changes settings and keeps the locks" reload

reload_wrong() {
    local mark
    mark=$(journal_mark)
    settings 'locks: {max_lifetime: never}'
    not inside systemctl reload ticketlockd.service 2> /dev/null
    journal_since "$mark" --output=cat | grep 'locks.max_lifetime: "never" is not a number of seconds' > /dev/null
    is ActiveState active
    # Whoever sends the signal by hand hears of it from the daemon.
    signal_daemon HUP
    eventually 5 reload_refused "$mark"
    call /metrics | grep '^ticketlockd_config_reload_failures_total 1$' > /dev/null
    is ActiveState active
    not post issue-ticket '{"conversation_id":"reload","lifetime":120}' > /dev/null
    settings ''
    inside systemctl reload ticketlockd.service
}
reload_refused() {
    journal_since "$1" --priority=err --output=cat | grep 'configuration was not reloaded.*locks.max_lifetime' > /dev/null
}
check "systemctl reload with wrong settings fails and changes nothing, and the journal says why" reload_wrong

journal() {
    local mark
    mark=$(journal_mark)
    settings 'log: {level: debug}'
    inside systemctl restart ticketlockd.service
    post issue-ticket '{"conversation_id":"journal"}' > /dev/null
    eventually 5 journal_has "$mark" 7 'request conversation_id=journal duration=.* method=POST outcome=ok status=201 target=/v1/issue-ticket ticket=0"'
    # As notice, without time and level of the daemon's own: the journal has them.
    journal_has "$mark" 5 'serving listen=127.0.0.1:5625 .* store=memory version='
    journal_has "$mark" 5 'shutting down signal=SIGTERM"'
    settings ''
    inside systemctl restart ticketlockd.service
}
# journal_has MARK PRIORITY START: a line of the daemon's, with that priority, begins so.
journal_has() {
    journal_since "$1" --output=json --output-fields=PRIORITY,MESSAGE,SYSLOG_IDENTIFIER |
        grep '"SYSLOG_IDENTIFIER":"ticketlockd"' | grep "\"PRIORITY\":\"$2\"" | grep "\"MESSAGE\":\"$3" > /dev/null
}
check "The journal has levels and fields" journal
