import EventLoop
import HTTPServer
import LockStore

extension LockAPI {
    /// Alive: the loop answers.
    func health(_ call: Call) throws(Problem) -> Operation {
        try noParameters(call)
        return { api in api.answer { $0.field("status", "ok") } }
    }

    /// Able to serve: a ticket could be issued now, and nobody is shutting the service down.
    func readiness(_ call: Call) throws(Problem) -> Operation {
        try noParameters(call)
        if isShuttingDown { throw Problem(.shuttingDown, "the service is shutting down") }
        return { api throws(LockStoreError) in
            try await api.store.checkReady()
            return api.answer { $0.field("status", "ready") }
        }
    }

    func version(_ call: Call) throws(Problem) -> Operation {
        try noParameters(call)
        return { api in
            api.answer {
                $0.field("name", "ticketlockd")
                $0.field("version", api.build.version)
                $0.field("libmicrohttpd", api.build.libmicrohttpd)
            }
        }
    }

    func metricsPage(_ call: Call) throws(Problem) -> Operation {
        try noParameters(call)
        return { api in
            let statistics = await api.store.statistics()
            let connections = await api.server?.counts ?? (0, 0)
            let refused = await api.server?.refusalCounts ?? [:]
            let page = MetricsPage(
                store: statistics, requests: api.metrics, refused: refused, turns: api.loop.turnTimes,
                connections: connections, reloads: api.reloads,
                process: ProcessInformation(startTime: api.startTime), build: api.build)
            return Response(status: 200, contentType: .prometheus, body: Array(page.text.utf8))
        }
    }

    func openAPI(_ call: Call) throws(Problem) -> Operation {
        try noParameters(call)
        return { api in
            let text = OpenAPIDocument.text(limits: api.limits, version: api.build.version)
            return Response(status: 200, body: Array(text.utf8))
        }
    }

    /// For a person with curl.
    func index(_ call: Call) throws(Problem) -> Operation {
        try noParameters(call)
        return { api in
            Response(
                status: 200, contentType: .text, body: Array(Self.indexText(api.build.version).utf8))
        }
    }

    private func noParameters(_ call: Call) throws(Problem) {
        _ = try query(of: call, [])
    }

    private static func indexText(_ version: String) -> String {
        """
        ticketlockd \(version): ticket locks, one for each conversation ID

          POST   /v1/issue-ticket     {conversation_id, lifetime?}          take a ticket
          POST   /v1/wait             {conversation_id, ticket, token?, timeout?}   until it is served
          POST   /v1/acquire          {conversation_id, lifetime?, timeout?}        both in one call
          POST   /v1/extend           {conversation_id, ticket, token?, lifetime?}  more time
          POST   /v1/finish-serving   {conversation_id, ticket, token?}     done, the next is served
          POST   /v1/cleanup          {conversation_id, ticket?, token?}    done, and drop an empty lock
          GET    /v1/is-waiting?conversation_id=
          GET    /v1/lock?conversation_id=      PUT /v1/lock {conversation_id}
          DELETE /v1/lock?conversation_id=      GET /v1/locks?prefix=&limit=&cursor=
          GET    /v1/openapi.json     all of this, for machines
          GET    /healthz  /readyz  /version  /metrics

        Try: curl --json '{"conversation_id":"ada"}' localhost:5625/v1/issue-ticket

        """
    }
}
