import TicketLock

/// The OpenAPI 3.1 document of the API, with the limits that hold in this process.
///
/// What the code does is written down here once more, by hand; a test drives a running daemon from it and
/// finds where the two disagree. Its names become those of generated clients: a body is never called after its
/// operation and `Request`, which generators use themselves.
enum OpenAPIDocument {
    static func text(limits: LockLimits, version: String) -> String {
        #"""
        {"openapi":"3.1.0",
        "info":{"title":"ticketlockd","version":"\#(version)",
        "summary":"A ticket lock per conversation, served over HTTP",
        "description":"\#(description)",
        "license":{"name":"Apache-2.0","identifier":"Apache-2.0"}},
        "servers":[{"url":"/"}],
        "tags":[{"name":"tickets"},{"name":"locks"},{"name":"service"}],
        "paths":{\#(paths)},
        "components":{"parameters":\#(OpenAPIComponents.parameters(limits)),
        "headers":{"RetryAfter":{"description":"Seconds after which to try again.","schema":{"type":"integer","format":"int32"}}},
        "responses":{\#(OpenAPIComponents.responses)},
        "schemas":{\#(OpenAPIComponents.schemas(limits))}}}

        """#
    }

    private static let description =
        "Take a ticket for a conversation ID, wait until it is served, work alone, finish. "
        + "Every error is a problem+json (RFC 9457) with a stable code."

    private static let paths = [
        ticketOperation(
            "issue-ticket", "issueTicket", "Take a ticket; its lifetime runs from now.",
            body: "IssueTicketBody",
            success: "201", schema: "TicketStatus",
            errors: ["TicketGone", "IdempotencyKeyReused", "TooMany"],
            hasKey: true),
        ticketOperation(
            "wait", "waitForTicket",
            "Wait until a ticket is served, is gone, or the timeout passes (is_locked is then true).",
            body: "WaitBody", success: "200", schema: "TicketStatus",
            errors: ["TicketNotFound", "TokenMismatch", "TicketGone"]),
        ticketOperation(
            "acquire", "acquireTicket",
            "Take a ticket and wait for it; its lifetime starts when it is served.",
            body: "AcquireBody", success: "201", schema: "TicketStatus",
            errors: ["TicketGone", "IdempotencyKeyReused", "AcquireTimeout", "TooMany"], hasKey: true),
        ticketOperation(
            "extend", "extendTicket", "Let a live ticket expire lifetime seconds from now.",
            body: "ExtendBody",
            success: "200", schema: "TicketStatus", errors: ["TicketNotFound", "TokenMismatch", "TicketGone"]),
        ticketOperation(
            "finish-serving", "finishServing", "Remove a ticket, wherever it stands; the next is served.",
            body: "FinishServingBody", success: "200", schema: "FinishServingResult",
            errors: ["TokenMismatch"]),
        ticketOperation(
            "cleanup", "cleanUp",
            "Finish a ticket, if one is given, and delete the lock if its queue is empty.",
            body: "CleanUpBody", success: "200", schema: "CleanUpResult", errors: ["TokenMismatch"]),
        #""/v1/is-waiting":{"get":"#
            + operation(
                "isWaiting", "locks", "Whether the queue holds tickets.", parameters: ["conversation_id"],
                responses: [json("200", "QueueStatus")] + idProblems)
            + "}",
        #""/v1/lock":{"get":"#
            + operation(
                "getLock", "locks", "The lock with its tickets, the one being served first.",
                parameters: ["conversation_id", "ticket_limit", "ticket_cursor"],
                responses: [json("200", "LockSnapshot"), problem("404", "LockNotFound")] + idProblems)
            + #","put":"#
            + operation(
                "putLock", "locks", "The lock, made empty if there is none.", body: "PutLockBody",
                responses: [json("200", "LockSnapshot"), json("201", "LockSnapshot")] + bodyProblems + [
                    problem("429", "TooMany")
                ])
            + #","delete":"#
            + operation(
                "deleteLock", "locks", "Drop the lock with all its tickets; their waiters are told.",
                parameters: ["conversation_id"],
                responses: [json("200", "DeleteLockResult")] + idProblems)
            + "}",
        #""/v1/locks":{"get":"#
            + operation(
                "listLocks", "locks", "Some of the locks, in a stable order.",
                parameters: ["prefix", "limit", "cursor"],
                responses: [json("200", "LockPage")]) + "}",
        service(
            "/v1/openapi.json", "getOpenAPI", "This document.", OpenAPIComponents.content("OpenAPIDocument")),
        service(
            "/healthz", "getHealth", "Alive: the loop answers.", OpenAPIComponents.content("ServiceStatus")),
        service(
            "/readyz", "getReadiness", "Able to serve: a ticket could be issued now.",
            OpenAPIComponents.content("ServiceStatus")),
        service("/version", "getVersion", "What runs.", OpenAPIComponents.content("BuildVersion")),
        service(
            "/metrics", "getMetrics", "Metrics in Prometheus' text format.",
            #""text/plain":{"schema":{"type":"string"}}"#),
        service(
            "/", "getIndex", "The endpoints, for a person.", #""text/plain":{"schema":{"type":"string"}}"#),
    ].joined(separator: ",\n")

    /// What any request may be answered.
    private static let commonProblems = [
        problem("400", "Invalid"), problem("403", "ForbiddenOrigin"), problem("408", "RequestTimeout"),
        problem("414", "TargetTooLong"), problem("421", "MisdirectedHost"), problem("431", "HeadersTooLarge"),
        problem("501", "NotImplemented"), problem("503", "Unavailable"),
        problem("505", "VersionNotSupported"),
    ]

    /// What a request that names a conversation may be answered beside these.
    private static let idProblems = [problem("500", "LockUnreadable")]

    /// What a request with a body may be answered beside these.
    private static let bodyProblems =
        idProblems + [problem("413", "BodyTooLarge"), problem("415", "UnsupportedMediaType")]

    private static let statuses = [
        "TicketNotFound": "404", "TokenMismatch": "409", "TicketGone": "410", "IdempotencyKeyReused": "422",
        "AcquireTimeout": "423", "TooMany": "429",
    ]

    private static func ticketOperation(
        _ path: String, _ name: String, _ summary: String, body: String, success: String, schema: String,
        errors: [String], hasKey: Bool = false
    ) -> String {
        let problems = errors.compactMap { error in statuses[error].map { problem($0, error) } }
        return #""/v1/\#(path)":{"post":"#
            + operation(
                name, "tickets", summary, parameters: hasKey ? ["idempotency_key"] : [], body: body,
                responses: [json(success, schema)] + bodyProblems + problems) + "}"
    }

    private static func service(
        _ path: String, _ name: String, _ summary: String, _ content: String
    ) -> String {
        let success = #""200":{"description":"\#(summary)","content":{\#(content)}}"#
        return #""\#(path)":{"get":"#
            + operation(name, "service", summary, responses: [success])
            + "}"
    }

    private static func operation(
        _ name: String, _ tag: String, _ summary: String, parameters: [String] = [], body: String? = nil,
        responses: [String]
    ) -> String {
        let references = parameters.map { ##"{"$ref":"#/components/parameters/\##($0)"}"## }.joined(
            separator: ",")
        let body = body.map {
            #","requestBody":{"required":true,"content":{\#(OpenAPIComponents.content($0))}}"#
        }
        return
            #"{"operationId":"\#(name)","tags":["\#(tag)"],"summary":"\#(summary)","parameters":[\#(references)]"#
            + (body ?? "") + #","responses":{\#((responses + commonProblems).joined(separator: ","))}}"#
    }

    private static func json(_ status: String, _ schema: String) -> String {
        #""\#(status)":{"description":"\#(schema)","content":{\#(OpenAPIComponents.content(schema))}}"#
    }

    private static func problem(_ status: String, _ name: String) -> String {
        ##""\##(status)":{"$ref":"#/components/responses/\##(name)"}"##
    }
}
