# What the service survives, with 32 clients at work and systemd holding the sockets.
#
# The clients count the tickets that were forgotten across a restart; there must be none.

restart_twice() {
    inside systemctl restart ticketlockd.service
    sleep 0.5
    inside systemctl restart ticketlockd.service
}
check "systemctl restart under load refuses no connection" under_load restart_twice

kill_daemon() {
    local before
    before=$(main_process)
    signal_daemon KILL
    eventually 10 not is MainPID "$before"
    eventually 10 is ActiveState active
    [ "$(main_process)" != "$before" ]
    is NRestarts 1
}
check "kill -9 under load: restarted, and no connection is refused" under_load kill_daemon

keep_tickets() {
    local before ticket after
    before=$(main_process)
    ticket=$(post issue-ticket '{"conversation_id":"kept","lifetime":600}' | grep -o '"token":[0-9]*')
    signal_daemon KILL
    eventually 10 not is MainPID "$before"
    eventually 10 call /readyz > /dev/null
    after=$(call '/v1/lock?conversation_id=kept' | grep -o '"token":[0-9]*')
    [ -n "$ticket" ]
    [ "$after" = "$ticket" ]
}
check "A ticket is there with its token after kill -9" keep_tickets

discard_state() {
    local mark folder=/var/lib/private/ticketlockd
    mark=$(journal_mark)
    inside systemctl stop ticketlockd.service
    inside truncate --size=9999 $folder/changes.log
    not inside systemctl start ticketlockd.service 2> /dev/null
    # Trying again would not help.
    is ActiveState failed
    is ExecMainStatus 78
    journal_since "$mark" --output=cat | grep 'changes.log: is cut off;.* --discard-state' > /dev/null
    [ "$(inside stat --format=%s $folder/changes.log)" = 9999 ]
    with_options --discard-state
    [ "$(inside stat --format=%s $folder/changes.log.old)" = 9999 ]
    post issue-ticket '{"conversation_id":"after","lifetime":600}' > /dev/null
    inside systemctl restart ticketlockd.service
    call '/v1/is-waiting?conversation_id=after' | grep '"is_someone_waiting":true' > /dev/null
}
check "A damaged state ends the service and says what to do; --discard-state, for once, does it" discard_state

stop_loop() {
    local mark before start
    mark=$(journal_mark)
    before=$(main_process)
    start=$(milliseconds)
    signal_daemon STOP
    eventually 30 not is MainPID "$before"
    eventually 10 call /readyz > /dev/null
    echo "served again after $(($(milliseconds) - start)) ms"
    is ActiveState active
    journal_since "$mark" | grep 'Watchdog timeout' > /dev/null
}
check "A daemon that stands still (SIGSTOP) is killed by the watchdog and restarted" stop_loop

without_socket() {
    local before
    socket_off
    not inside test -e /run/ticketlockd.sock
    before=$(main_process)
    signal_daemon KILL
    eventually 10 call /readyz > /dev/null 2>&1
    [ "$(main_process)" != "$before" ]
}
check "Without the socket unit, too, kill -9 is restarted" without_socket
