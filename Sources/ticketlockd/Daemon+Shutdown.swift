import EventLoop
import HTTPServer
import LockAPI
import Logging
import TicketLock

/// The end.
extension Daemon {
    /// How far the end has come.
    enum Stage {
        case serving
        /// /readyz says 503, and everything else is as before, for `shutdown_delay`.
        case delaying
        case stopping
    }

    /// What a signal to end does: /readyz says 503, and after `shutdown_delay` the daemon ends in order. The next one
    /// ends that delay, the one after that everything, at once.
    func shutDown(_ signal: String) {
        switch stage {
        case .serving:
            let delay = configuration.shutdownDelay
            serviceManager.stopping(within: delay + configuration.shutdownTimeout)
            api.onLoop { $0.announceShutdown() }
            guard delay > .zero else { return beginEnd(["signal": "\(signal)"]) }
            stage = .delaying
            logger.notice(
                "shutting down after shutdown_delay; /readyz says 503 from now on",
                metadata: ["signal": "\(signal)", "shutdown_delay": "\(delay)"])
            delayAlarm?.set(Alarm.now + delay.nanoseconds)
        case .delaying: beginEnd(["signal": "\(signal)"])
        case .stopping:
            logger.warning("stopping at once", metadata: ["signal": "\(signal)"])
            end()
        }
    }

    func delayIsOver() {
        if stage == .delaying { beginEnd([:]) }
    }

    /// Ends in order: accepts nothing more, answers who is parked, lets what is in flight finish.
    private func beginEnd(_ metadata: Logger.Metadata) {
        stage = .stopping
        delayAlarm?.set(nil)
        logger.notice("shutting down", metadata: metadata)
        let deadline = Alarm.now + configuration.shutdownTimeout.nanoseconds
        startTask { await $0.endInOrder(until: deadline) }
    }

    private func endInOrder(until deadline: Int64) async {
        await server.stopAccepting()
        await api.shutDown()
        await server.drain(until: deadline)
        let left = await server.counts.requests
        if left > 0 {
            logger.warning("requests cut off at the deadline", metadata: ["requests": "\(left)"])
        }
        end()
    }

    private func end() {
        lockLog?.tellLeftOut()
        logger.notice("stopped")
        SignalMask.block()
        loop.stop()
    }
}
