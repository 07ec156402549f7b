# What the service survives of the machine's own ends. A container has a boot ID of its own, anew at each boot; its
# clock goes on, since the kernel does.

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

before=$(tell_boot)
cut_power

power_lost() {
    local answer
    [ "$(tell_boot)" != "$before" ]
    eventually 10 is ActiveState active
    answer=$(not post issue-ticket '{"conversation_id":"other"}')
    grep '"code":"store_unavailable".*"detail":"tickets lost with the machine may be alive for 3[0-9]* s;' <<< "$answer"
    not call /readyz > /dev/null
    journal_since @0 --priority=err --output=cat | grep 'the machine has died' > /dev/null
    # It does not forget that.
    inside systemctl restart ticketlockd.service
    not post issue-ticket '{"conversation_id":"other"}' > /dev/null
    inside test -e /var/lib/private/ticketlockd/locks.mdb.old
    with_options --discard-state
    post issue-ticket '{"conversation_id":"other"}' > /dev/null
}
check "After a loss of power no ticket is given out, as long as one that was lost may be alive" power_lost

power_lost_with_power() {
    settings 'store: {durability: power}'
    inside systemctl restart ticketlockd.service
    post issue-ticket '{"conversation_id":"synced","lifetime":600}'
}
ticket=$(power_lost_with_power | grep -o '"token":[0-9]*')
cut_power

synced() {
    eventually 10 call /readyz > /dev/null
    [ -n "$ticket" ]
    call '/v1/lock?conversation_id=synced' | grep "$ticket" > /dev/null
    settings ''
    inside systemctl restart ticketlockd.service
}
check "With durability power a loss of power loses no ticket" synced
