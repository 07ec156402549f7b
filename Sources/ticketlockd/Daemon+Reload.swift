import EventLoop
import HTTPServer
import LockAPI
import LockStore
import Logging

/// Reading the configuration again.
extension Daemon {
    /// At most one reload is under way, so that the settings of the last one hold.
    enum Reloading {
        case idle
        case underWay
        /// The file may have changed since it was read: it is read again afterwards.
        case again
    }

    /// Reads the configuration again, off the loop, and takes over what can change at run time.
    func reload() {
        guard stage == .serving else {
            return logger.notice("the configuration is not reloaded: the daemon is shutting down")
        }
        guard reloading == .idle else {
            reloading = .again
            return
        }
        serviceManager.reloading()
        readConfiguration()
    }

    private func readConfiguration() {
        reloading = .underWay
        loop.inBackground { [options, environment] in
            Result { () throws(ConfigurationErrors) in
                let loaded = try Configuration.load(options: options, environment: environment)
                // Its files are read at each connection; what is wrong with them is said now.
                if loaded.configuration.store.type == .redis {
                    _ = try loaded.redis(credentialsDirectory: environment["CREDENTIALS_DIRECTORY"])
                }
                return loaded.configuration
            }
        } then: { [unowned self] result in
            onLoop { daemon in daemon.startTask { await $0.finishReload(result) } }
        }
    }

    private func finishReload(_ result: Result<Configuration, ConfigurationErrors>) async {
        await take(result)
        // READY=1 would take back the STOPPING=1 that systemd has heard meanwhile.
        guard stage == .serving else { return }
        if reloading == .again { return readConfiguration() }
        reloading = .idle
        serviceManager.ready("serving at \(addresses)")
    }

    private func take(_ result: Result<Configuration, ConfigurationErrors>) async {
        guard stage == .serving else { return }
        switch result {
        case .failure(let errors):
            logger.error("the configuration was not reloaded", metadata: ["reason": "\(errors)"])
            api.onLoop { $0.reloads.failed() }
        case .success(let new):
            let (next, changes) = configuration.reloading(new)
            configuration = next
            log.level = next.log.level
            logRequests()
            await api.setLimits(
                next.locks, bodyBytesMax: next.http.limits.bodyBytesMax, hostRules: next.http.hostRules)
            await server.setBodyBytesMax(next.http.limits.bodyBytesMax)
            api.onLoop { $0.reloads.succeeded() }
            if next.redis.readsFiles, next.store.type == .redis {
                logger.notice(
                    "the passwords and certificates for Redis are read again at the next connection")
            }
            if changes.isEmpty { logger.notice("the configuration was reloaded; nothing has changed") }
            for change in changes {
                logger.notice(
                    change.isReloadable ? "setting changed" : "setting changed; it needs a restart",
                    metadata: ["key": "\(change.key)", "old": "\(change.old)", "new": "\(change.new)"])
            }
        }
    }
}
