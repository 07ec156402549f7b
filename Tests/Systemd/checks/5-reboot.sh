# What the service survives of the machine's own ends.

tell_boot() {
    inside cat /proc/sys/kernel/random/boot_id
}

before=$(tell_boot)
post issue-ticket '{"conversation_id":"reboot","lifetime":600}' > /dev/null
reboot_container

reboot_in_order() {
    [ "$(tell_boot)" != "$before" ]
    eventually 10 call /readyz > /dev/null
    call '/v1/lock?conversation_id=reboot' | grep '"number":0' > /dev/null
    post issue-ticket '{"conversation_id":"reboot","lifetime":600}' | grep '"position":1' > /dev/null
}
check "A reboot in order loses no ticket" reboot_in_order

kill_container

container_killed() {
    eventually 10 call /readyz > /dev/null
    call '/v1/lock?conversation_id=reboot' | grep '"number":0.*"number":1' > /dev/null
}
check "Nor does the sudden end of a container: the machine's kernel has what the daemon had written" container_killed

# Kills the daemon, and starts it on a machine that has booted meanwhile, as far as it can see.
boot_anew() {
    local before
    before=$(main_process)
    inside sh -c 'cat /proc/sys/kernel/random/uuid > /run/boot_id'
    drop_in '[Service]
BindReadOnlyPaths=/run/boot_id:/proc/sys/kernel/random/boot_id'
    signal_daemon KILL
    eventually 10 not is MainPID "$before"
    eventually 10 is ActiveState active
}

power_lost() {
    local mark answer
    mark=$(journal_mark)
    boot_anew
    answer=$(not post issue-ticket '{"conversation_id":"other"}')
    grep '"detail":"tickets that were lost with the machine may be alive for another 3[0-9]* s,.*"code":"store_unavailable"' \
        <<< "$answer" > /dev/null
    not call /readyz > /dev/null
    journal_since "$mark" --priority=err --output=cat | grep 'the machine has died' > /dev/null
    # It does not forget that.
    inside systemctl restart ticketlockd.service
    not post issue-ticket '{"conversation_id":"other"}' > /dev/null
    inside test -e /var/lib/private/ticketlockd/locks.mdb.old
    with_options --discard-state
    post issue-ticket '{"conversation_id":"other"}' > /dev/null
}
check "After a loss of power no ticket is given out, as long as one that was lost may be alive" power_lost

power_lost_with_power() {
    local ticket
    settings 'store: {durability: power}'
    inside systemctl restart ticketlockd.service
    ticket=$(post issue-ticket '{"conversation_id":"synced","lifetime":600}' | grep -o '"token":[0-9]*')
    [ -n "$ticket" ]
    boot_anew
    call '/v1/lock?conversation_id=synced' | grep "$ticket" > /dev/null
    post issue-ticket '{"conversation_id":"other"}' > /dev/null
    settings ''
    no_drop_in
    inside systemctl restart ticketlockd.service
}
check "With durability power it loses nothing, and goes on at once" power_lost_with_power
