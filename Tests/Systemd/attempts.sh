# Run in the service's sandbox: tries what must not be possible there. A line for each group of attempts.
set -uo pipefail

# refused COMMAND...: notes if the command succeeds, which it must not.
refused() {
    if "$@" > /dev/null 2>&1; then
        echo "possible: $*"
        possible=1
    fi
}

# group NAME
group() {
    if ((possible == 0)); then echo "$1: refused"; else echo "$1: POSSIBLE"; fi
    possible=0
}

# call NUMBER ARGUMENT...: a system call, by the Perl that every Debian has. Fails only if a filter says no: with
# EPERM, or with EAFNOSUPPORT (97) for a family of sockets.
call() {
    perl -e 'my ($number, @arguments) = map { int } @ARGV;
        my $refused = syscall($number, @arguments) == -1 && ($! == 1 || $! == 97);
        exit($refused ? 1 : 0)' -- "$@"
}

# nice(1) goes on when it may not.
raise_priority() {
    (($(nice -n -5 nice) < 0))
}

possible=0
# What it may do, to see that the rest is refused for the right reason.
touch "$STATE_DIRECTORY/file" "$RUNTIME_DIRECTORY/file" /tmp/file || possible=1
for folder in / /etc /etc/ticketlockd /usr /usr/bin /var /var/lib /var/log /home /root /boot /opt /srv /run /dev /sys /proc/sys/kernel; do
    refused touch "$folder/ticketlockd-was-here"
done
refused tee /proc/sys/kernel/hostname
refused mkdir /sys/fs/cgroup/ticketlockd-was-here
refused ls /root
refused ls /home
group "write elsewhere"

refused test -e /proc/1
refused kill -0 1
for process in /proc/[0-9]*; do
    # Its own user's alone.
    refused test ! -O "$process"
done
refused cat /proc/kmsg
group "see other processes"

cp /bin/sh "$STATE_DIRECTORY/sh"
refused chmod u+s "$STATE_DIRECTORY/sh"
refused chown root "$STATE_DIRECTORY/sh"
refused su -c true
refused setpriv --reuid=0 true
refused setpriv --ambient-caps=+net_admin --inh-caps=+net_admin true
refused unshare --user --map-root-user true
refused unshare --mount true
refused mount -t tmpfs none /tmp
refused chroot / true
refused raise_priority
group "gain privileges"

# Numbers of system calls on x86_64: ptrace, reboot, swapon, bpf, perf_event_open, add_key, keyctl, init_module.
if [ "$(uname -m)" = x86_64 ]; then
    for number in 101 169 167 321 298 248 250 175; do
        refused call "$number" 0 0 0 0 0
    done
    # socket(AF_NETLINK, SOCK_RAW, 0), socket(AF_PACKET, SOCK_RAW, 0), socket(AF_VSOCK, SOCK_STREAM, 0)
    for family in 16 17 40; do
        refused call 41 "$family" 3 0
    done
    # mmap of memory that can be both written and executed.
    refused call 9 0 4096 7 34 -1 0
fi
refused date --set=2020-01-01
refused hostname ticketlockd-was-here
refused test -e /dev/kmsg
group "use what it does not need"
