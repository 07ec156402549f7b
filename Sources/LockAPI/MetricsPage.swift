import EventLoop
import Glibc
import LockStore
import TicketLock

/// The text of /metrics, in Prometheus' format 0.0.4. Every metric is declared here, and none is labelled by
/// conversation.
struct MetricsPage {
    private(set) var text = ""

    init(
        store: StoreStatistics, requests: RequestMetrics, refused: [UInt16: UInt64], turns: TurnTimes,
        connections: (open: Int, busy: Int), reloads: ReloadMetrics,
        process: ProcessInformation, build: BuildInformation
    ) {
        add(store)
        add(requests)
        header("http_refused_total", "counter", "Answers to what never became a request, by status.")
        for (status, count) in refused.sorted(by: { $0.key < $1.key }) {
            line("http_refused_total", "{status=\"\(status)\"}", String(count))
        }
        gauge("connections", "Open connections.", connections.open)
        gauge("requests_in_flight", "Requests being received, parked, answered or written.", connections.busy)
        add(turns)
        add(process)
        counter("config_reload_failures", "Reloads with wrong settings.", reloads.failureCount)
        header(
            "config_last_reload_success_timestamp_seconds", "gauge",
            "When good settings were last read, in seconds since 1970.")
        line("config_last_reload_success_timestamp_seconds", "", String(reloads.lastSuccess))
        header("build_info", "gauge", "The version that runs; always 1.")
        line("build_info", "{version=\"\(build.version)\",libmicrohttpd=\"\(build.libmicrohttpd)\"}", "1")
    }

    private mutating func add(_ store: StoreStatistics) {
        let tickets = store.tickets
        counter("tickets_issued", "Tickets issued.", tickets.issued)
        counter("tickets_finished", "Tickets finished or cleaned up.", tickets.finished)
        counter(
            "tickets_expired_held", "Tickets that expired while they were being served.", tickets.expiredHeld)
        counter("tickets_expired_waiting", "Tickets that expired while they waited.", tickets.expiredWaiting)
        counter("tickets_withdrawn", "Tickets given up by an acquire or not delivered.", tickets.withdrawn)
        counter("tickets_deleted", "Tickets that went with a deleted lock.", tickets.deleted)
        gauge("locks", "Locks that exist now.", store.lockCount)
        gauge("tickets", "Tickets in all queues now.", store.ticketCount)
        gauge("waiters", "Callers of wait and acquire that wait now.", store.waiterCount)
        gauge("retained_numbers", "Deleted locks whose next number is remembered.", store.retainedNumberCount)
        gauge("idempotency_keys", "Idempotency keys of living tickets.", store.idempotencyKeyCount)
        header("ticket_wait_seconds", "histogram", "From a ticket's issue to its being served.")
        histogram("ticket_wait_seconds", "", tickets.waitTimes)
        header("ticket_hold_seconds", "histogram", "From a ticket's being served to its end.")
        histogram("ticket_hold_seconds", "", tickets.holdTimes)
    }

    private mutating func add(_ requests: RequestMetrics) {
        header("http_requests_total", "counter", "Requests answered, by endpoint and status.")
        for (place, name) in RequestMetrics.names.enumerated() {
            for (status, count) in requests.counts(at: place) {
                line("http_requests_total", "{endpoint=\"\(name)\",status=\"\(status)\"}", String(count))
            }
        }
        header("http_request_seconds", "histogram", "From a request's arrival to its answer, by endpoint.")
        for (place, name) in RequestMetrics.names.enumerated() where !requests.counts(at: place).isEmpty {
            histogram("http_request_seconds", "endpoint=\"\(name)\"", requests.latencies[place])
        }
    }

    private mutating func add(_ turns: TurnTimes) {
        header(
            "loop_lag_seconds", "histogram",
            "How long the turns of the event loop took: the longest wait of what is ready.")
        let bounds = TurnTimes.bounds.map { Double($0) / 1e9 }
        buckets("loop_lag_seconds", "", bounds, turns.counts, sum: Double(turns.totalNanoseconds) / 1e9)
    }

    private mutating func add(_ process: ProcessInformation) {
        own("process_cpu_seconds_total", "counter", "Processor time used.", process.cpuSeconds)
        own("process_resident_memory_bytes", "gauge", "Resident memory.", process.residentBytes)
        own("process_start_time_seconds", "gauge", "Start, in seconds since 1970.", process.startTime)
        own("process_open_fds", "gauge", "Open file descriptors.", process.openDescriptors)
        own("process_max_fds", "gauge", "File descriptors allowed.", process.maxDescriptors)
        own("process_threads", "gauge", "Threads.", process.threads)
    }

    // MARK: The format

    /// A metric with the name every exporter gives it, not ours; none for what is not known.
    private mutating func own(
        _ name: String, _ type: String, _ help: String, _ value: (some CustomStringConvertible)?
    ) {
        guard let value else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name) \(value)\n"
    }

    private mutating func header(_ name: String, _ type: String, _ help: String) {
        text += "# HELP ticketlockd_\(name) \(help)\n# TYPE ticketlockd_\(name) \(type)\n"
    }

    private mutating func line(_ name: String, _ labels: String, _ value: String) {
        text += "ticketlockd_\(name)\(labels) \(value)\n"
    }

    private mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
        header(name + "_total", "counter", help)
        line(name + "_total", "", String(value))
    }

    private mutating func gauge(_ name: String, _ help: String, _ value: Int) {
        header(name, "gauge", help)
        line(name, "", String(value))
    }

    private mutating func histogram(_ name: String, _ label: String, _ histogram: Histogram) {
        let bounds = histogram.bounds.map { Double($0.nanoseconds) / 1e9 }
        buckets(name, label, bounds, histogram.counts, sum: Double(histogram.totalNanoseconds) / 1e9)
    }

    private mutating func buckets(
        _ name: String, _ label: String, _ bounds: [Double], _ counts: [UInt64], sum: Double
    ) {
        let prefix = label.isEmpty ? "" : label + ","
        var total: UInt64 = 0
        for (bound, count) in zip(bounds, counts) {
            total += count
            line(name + "_bucket", "{\(prefix)le=\"\(bound)\"}", String(total))
        }
        total += counts[bounds.count]
        line(name + "_bucket", "{\(prefix)le=\"+Inf\"}", String(total))
        let labels = label.isEmpty ? "" : "{\(label)}"
        line(name + "_sum", labels, String(sum))
        line(name + "_count", labels, String(total))
    }
}
