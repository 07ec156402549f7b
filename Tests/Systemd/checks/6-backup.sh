# README's chapter on backups, as it is printed there.

state=/var/lib/private/ticketlockd

# readme_commands START: the first indented block after the line of README.md that begins so.
readme_commands() {
    awk -v start="$1" 'index($0, start) == 1 { found = 1 }
        found && /^    / { print substr($0, 5); shown = 1; next }
        shown { exit }' "$here/../../README.md"
}

# run_readme START: runs these commands as root, who needs no sudo.
run_readme() {
    local commands
    commands=$(readme_commands "$1")
    [ -n "$commands" ]
    inside bash -euc 'sudo() { "$@"; }
'"$commands"
}

# token_of CONVERSATION: that of its first ticket.
token_of() {
    call "/v1/lock?conversation_id=$1" | grep -o '"token":[0-9]*' | head -n 1
}

backup() {
    local kept
    post issue-ticket '{"conversation_id":"backup","lifetime":600}' > /dev/null
    kept=$(token_of backup)
    run_readme '**Backup.**'
    # Twice, as people make backups.
    run_readme '**Backup.**'
    [ "$(token_of backup)" = "$kept" ]
    post cleanup '{"conversation_id":"backup","ticket":0}' > /dev/null
    post issue-ticket '{"conversation_id":"later","lifetime":600}' > /dev/null
    run_readme '**Restore.**'
    is ActiveState active
    [ "$(token_of backup)" = "$kept" ]
    not token_of later
    # It is written, too.
    post issue-ticket '{"conversation_id":"backup","lifetime":600}' | grep '"position":1' > /dev/null
    inside systemctl restart ticketlockd.service
    [ "$(token_of backup)" = "$kept" ]
}
check "README's backup and restore, word for word, bring the tickets back" backup

backup_of_others() {
    local kept
    kept=$(token_of backup)
    run_readme '**Backup.**'
    # Another machine's user, or an archive that has forgotten whose the files were.
    for owner in 64000:64000 root:root; do
        inside chown -R "$owner" /var/backups/ticketlockd
        run_readme '**Restore.**'
        [ "$(token_of backup)" = "$kept" ]
    done
}
check "Whoever the files in the backup belong to" backup_of_others

wrong_owner() {
    local mark kept advice
    mark=$(journal_mark)
    kept=$(token_of backup)
    inside systemctl stop ticketlockd.service
    inside chown root:root $state/changes.log $state/locks.mdb
    not inside systemctl start ticketlockd.service 2> /dev/null
    is ExecMainStatus 78
    advice=$(journal_since "$mark" --output=cat | grep -o 'chown root:root [^ ]*' | head -n 1)
    [ -n "$advice" ]
    inside $advice
    inside systemctl start ticketlockd.service
    [ "$(token_of backup)" = "$kept" ]
}
check "Files that are root's end the service, which says what to do, and that helps" wrong_owner

unwritable() {
    local mark
    mark=$(journal_mark)
    settings 'store: {state_directory: /srv/locks}'
    not inside systemctl restart ticketlockd.service
    is ExecMainStatus 78
    journal_since "$mark" --output=cat | grep '/srv/locks: cannot be used.*ReadWritePaths=/srv/locks' > /dev/null
    settings ''
    inside systemctl start ticketlockd.service
}
check "A directory that systemd keeps from the service ends it, and the message names ReadWritePaths=" unwritable

# The end: purging leaves nothing else behind.
inside rm -r /var/backups/ticketlockd
