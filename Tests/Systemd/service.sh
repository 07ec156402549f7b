# What the checks ask of the service in the container, and do to it.

settings_file=/etc/ticketlockd/ticketlockd.yaml

# property NAME [UNIT]
property() {
    inside systemctl show --property="$1" --value "${2:-ticketlockd.service}"
}

# is PROPERTY VALUE: of the service.
is() {
    [ "$(property "$1")" = "$2" ]
}

# The daemon's process, as it is numbered in the container.
main_process() {
    property MainPID
}

# signal_daemon NAME
signal_daemon() {
    inside sh -c "kill -$1 $(main_process)"
}

# call PATH [CURL'S ARGUMENTS...]: the answer; fails unless its status is 2xx.
call() {
    local path=$1
    shift
    inside curl --silent --show-error --fail-with-body --max-time 10 "$@" "http://localhost:5625$path"
}

# post OPERATION BODY [CURL'S ARGUMENTS...]
post() {
    local operation=$1 body=$2
    shift 2
    call "/v1/$operation" --json "$body" "$@"
}

# settings YAML: the whole of the settings file.
settings() {
    inside tee "$settings_file" <<< "$1" > /dev/null
}

# drop_in TEXT: for the service, until `no_drop_in`.
drop_in() {
    inside mkdir -p /run/systemd/system/ticketlockd.service.d
    inside tee /run/systemd/system/ticketlockd.service.d/test.conf <<< "$1" > /dev/null
    inside systemctl daemon-reload
}

no_drop_in() {
    inside rm -rf /run/systemd/system/ticketlockd.service.d
    inside systemctl daemon-reload
}

# with_options OPTIONS: restarts the daemon with them, for once.
with_options() {
    inside systemctl set-environment TICKETLOCKD_OPTIONS="$1"
    inside systemctl restart ticketlockd.service
    inside systemctl unset-environment TICKETLOCKD_OPTIONS
}

socket_on() {
    inside systemctl stop ticketlockd.service
    inside systemctl enable --now --quiet ticketlockd.socket
    inside systemctl start ticketlockd.service
}

socket_off() {
    inside systemctl disable --now --quiet ticketlockd.socket
    inside systemctl restart ticketlockd.service
}

# This moment, for `journal_since`.
journal_mark() {
    date +@%s.%6N
}

# journal_since MARK [JOURNALCTL'S ARGUMENTS...]: the journal's lines of the service since then.
journal_since() {
    local mark=$1
    shift
    inside journalctl --sync
    inside journalctl --no-pager --unit=ticketlockd.service --since="$mark" "$@"
}

# under_load COMMAND...: runs it while 32 clients work. Fails if one was refused a connection or saw anything but a
# connection to retry.
under_load() {
    local load report=$folder/log/load.$checks.txt
    # Should the command fail, this check ends, and the load with it.
    nsenter --target "$leader" --net -- setpriv --pdeathsig TERM \
        /usr/bin/python3 "$here/load.py" --clients 32 > "$report" 9>&- &
    load=$!
    sleep 1
    "$@"
    sleep 1
    kill "$load"
    local status=0
    wait "$load" || status=$?
    cat "$report"
    return "$status"
}
