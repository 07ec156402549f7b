import EventLoop
import HTTPServer
import LockStore

/// What is answered without the locks.
extension LockAPI {
    /// Able to serve: a ticket could be issued now, and nobody is shutting the service down.
    func readiness() async -> Response {
        if isShuttingDown { return answer(Problem(.shuttingDown, "the service is shutting down")) }
        do throws(LockStoreError) {
            try await store.checkReady()
        } catch {
            return answer(Problem(error))
        }
        return answer { $0.field("status", "ready") }
    }

    func version() -> Response {
        answer {
            $0.field("name", "ticketlockd")
            $0.field("version", build.version)
            $0.field("libmicrohttpd", build.libmicrohttpd)
        }
    }

    func metricsPage() async -> Response {
        let statistics = await store.statistics()
        let connections = await server?.counts ?? (0, 0)
        let refused = await server?.refusalCounts ?? [:]
        let page = MetricsPage(
            store: statistics, requests: metrics, refused: refused, turns: loop.turnTimes,
            connections: connections, reloads: reloads,
            process: ProcessInformation(startTime: startTime), build: build)
        return Response(status: 200, contentType: .prometheus, body: Array(page.text.utf8))
    }

    func openAPI() -> Response {
        Response(
            status: 200, body: Array(OpenAPIDocument.text(limits: limits, version: build.version).utf8))
    }

    /// For a person with curl.
    func index() -> Response {
        Response(status: 200, contentType: .text, body: Array(Self.indexText(build.version).utf8))
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
