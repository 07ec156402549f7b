# Running checks and saying how they went.

checks=0
failures=0

# check TEXT COMMAND...: a line `ok` or `not ok`. The command is a function of which every line has to succeed; what
# it prints stands behind the text. After a failure follows how far it came.
check() {
    local text=$1 status=0 notes trace
    shift
    checks=$((checks + 1))
    trace=$folder/log/$checks.log
    # Not in a condition, where bash would not stop at the first failure.
    set +e
    notes=$(
        set -e
        exec 2> "$trace" 9>&-
        PS4='+ '
        set -x
        "$@"
    )
    status=$?
    set -e
    notes=${notes//$'\n'/; }
    if ((status == 0)); then
        echo "ok $checks - $text${notes:+ ($notes)}"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $text"
        echo "# exit status $status${notes:+; printed $notes}; the last lines of $trace:"
        # `inside` and its command are enough.
        grep -v '^+* *timeout .* nsenter ' "$trace" | tail -n 20 | sed 's/^/#     /'
    fi
}

# Whether all checks up to now have passed.
passed() {
    ((failures == 0))
}

# The closing line; fails if a check did.
summary() {
    echo "1..$checks"
    passed || echo "# $failures of $checks checks failed"
    passed
}

# Ends the run here: what follows would say nothing.
give_up() {
    summary || true
    exit 1
}

# unavailable REASON: ends the run, nothing being wrong but the place.
unavailable() {
    echo "1..0 # SKIP $1"
    exit 77
}

# eventually SECONDS COMMAND...: repeats the command until it succeeds.
eventually() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        # Said outright, since in a condition bash would not stop here.
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

# not COMMAND...: succeeds if the command fails (`!` alone would not stop a check).
not() {
    if "$@"; then return 1; fi
}

milliseconds() {
    echo $(($(date +%s%N) / 1000000))
}
