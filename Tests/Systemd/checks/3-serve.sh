# curl, through everything that the service can listen on.

tcp() {
    post acquire '{"conversation_id":"tcp"}' | grep '"now_serving":0,"is_locked":false' > /dev/null
    post cleanup '{"conversation_id":"tcp","ticket":0}' | grep '"deleted":true' > /dev/null
}
check "curl works through TCP" tcp

unix_socket() {
    local path=/run/ticketlockd/sock
    settings "listen: [\"unix:$path\", \"127.0.0.1:5625\"]"
    inside systemctl restart ticketlockd.service
    post acquire '{"conversation_id":"unix"}' --unix-socket $path | grep '"is_locked":false' > /dev/null
    [ "$(inside stat --format='%F %a' $path)" = "socket 660" ]
    # Not for every local user, as its mode says.
    not inside setpriv --reuid=65534 --regid=65534 --clear-groups \
        curl --silent --max-time 5 --unix-socket $path http://localhost/healthz
    settings ''
    inside systemctl restart ticketlockd.service
    not inside test -e $path
}
check "curl works through a Unix socket of the daemon's own, which others may not use" unix_socket

activation() {
    socket_on
    post acquire '{"conversation_id":"activated"}' > /dev/null
    call /healthz --ipv6 > /dev/null
    inside setpriv --reuid=65534 --regid=65534 --clear-groups \
        curl --silent --fail --max-time 5 --unix-socket /run/ticketlockd.sock http://localhost/healthz > /dev/null
    # A stopped service is started by whoever connects.
    inside systemctl stop ticketlockd.service
    call /readyz > /dev/null
    is ActiveState active
}
check "The socket unit serves 127.0.0.1, ::1 and /run/ticketlockd.sock, and starts the service" activation
