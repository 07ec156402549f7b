import TicketLock

/// The parts of the OpenAPI document that its operations refer to.
enum OpenAPIComponents {
    /// A body of that schema, as JSON.
    static func content(_ schema: String) -> String {
        ##""application/json":{"schema":{"$ref":"#/components/schemas/\##(schema)"}}"##
    }

    // MARK: Parameters

    static func parameters(_ limits: LockLimits) -> String {
        let identifier = idSchema(limits)
        return #"""
            {"conversation_id":{"name":"conversation_id","in":"query","required":true,"schema":\#(identifier)},
            "prefix":{"name":"prefix","in":"query","description":"What the conversation IDs begin with.",
            "schema":{"type":"string","maxLength":\#(limits.conversationIDBytesMax)}},
            "limit":{"name":"limit","in":"query","description":"The most locks in one page.",
            "schema":{"type":"integer","format":"int32","minimum":1,"maximum":\#(Parameters.limitMax),"default":100}},
            "cursor":{"name":"cursor","in":"query","description":"next_cursor of the page before.",
            "schema":{"type":"string","pattern":"^[0-9]{1,15}$"}},
            "ticket_limit":{"name":"limit","in":"query","description":"The most tickets in one answer.",
            "schema":{"type":"integer","format":"int32","minimum":1,"maximum":\#(Parameters.limitMax),"default":1000}},
            "ticket_cursor":{"name":"cursor","in":"query","description":"next_cursor of the answer before.",
            "schema":{"type":"string","pattern":"^[0-9]{1,16}$"}},
            "idempotency_key":{"name":"Idempotency-Key","in":"header",
            "description":"A repeated request with the same key gets the first one's ticket while that lives.",
            "schema":{"type":"string","minLength":1,"maxLength":\#(limits.idempotencyKeyBytesMax),
            "pattern":"^[!-~]+$"}}}
            """#
    }

    private static func idSchema(_ limits: LockLimits) -> String {
        #"""
        {"type":"string","minLength":1,"maxLength":\#(limits.conversationIDBytesMax),"pattern":"^[^\\u0000]+$",
        "description":"At most \#(limits.conversationIDBytesMax) bytes of UTF-8, without NUL.","examples":["ada"]}
        """#
    }

    // MARK: Responses

    static let responses = [
        problem("Invalid", "A field is missing, unknown, repeated or wrong; the detail names it."),
        problem("ForbiddenOrigin", "forbidden_origin: a page of another origin may not ask."),
        problem(
            "RequestTimeout", "request_timeout: the request has not arrived within http.request_timeout."),
        problem("TargetTooLong", "target_too_long: the request's target is too long."),
        problem(
            "MisdirectedHost", "misdirected_host: the Host header names another host; see http.allowed_hosts."
        ),
        problem("HeadersTooLarge", "headers_too_large: they are larger than http.max_header_bytes."),
        problem("NotImplemented", "not_implemented: a Transfer-Encoding other than chunked."),
        problem("VersionNotSupported", "http_version_not_supported: HTTP/1.1 and 1.0 are."),
        problem("LockNotFound", "lock_not_found: the conversation has no lock."),
        problem("TicketNotFound", "ticket_not_found: the conversation has never issued that number."),
        problem("TokenMismatch", "token_mismatch: the ticket has another token; nothing was changed."),
        problem("TicketGone", "ticket_gone: the ticket was issued and is no longer queued."),
        problem("BodyTooLarge", "body_too_large: the body is larger than http.max_body_bytes."),
        problem("UnsupportedMediaType", "unsupported_media_type: the Content-Type must be application/json."),
        problem("IdempotencyKeyReused", "idempotency_key_reused: the key came with another request before."),
        problem("AcquireTimeout", "acquire_timeout: not served in time; the ticket is withdrawn."),
        problem("TooMany", "queue_full, too_many_locks or too_many_tickets.", retries: true),
        problem("LockUnreadable", "lock_unreadable: what the store holds for it is no ticket lock."),
        problem(
            "Unavailable",
            "store_unavailable, outcome_unknown (it may have been done), shutting_down, too_many_connections or too_many_waiting.",
            retries: true),
    ].joined(separator: ",\n")

    private static func problem(_ name: String, _ description: String, retries: Bool = false) -> String {
        let headers = ##""headers":{"Retry-After":{"$ref":"#/components/headers/RetryAfter"}},"##
        let schema = ##"{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}"##
        return #""\#(name)":{"description":"\#(description)",\#(retries ? headers : "")"content":\#(schema)}"#
    }

    // MARK: Schemas

    static func schemas(_ limits: LockLimits) -> String {
        let longest = Double(limits.maxLifetime.nanoseconds) / 1e9
        let fallback = Double(limits.defaultLifetime.nanoseconds) / 1e9
        let waitMax = Double(limits.maxWait.nanoseconds) / 1e9
        let wait = Double(min(limits.defaultWait, limits.maxWait).nanoseconds) / 1e9
        let id = #""conversation_id":\#(idSchema(limits))"#
        let ticket = #""ticket":\#(integer("The ticket's number."))"#
        let token = #""token":\#(integer("The fencing token, as it was issued."))"#
        let lifetime =
            #""lifetime":{"type":"number","format":"double","exclusiveMinimum":0,"maximum":\#(longest),"default":\#(fallback)}"#
        let timeout =
            #""timeout":{"type":"number","format":"double","minimum":0,"maximum":\#(waitMax),"default":\#(wait)}"#
        return [
            request("IssueTicketBody", [id, lifetime], required: #""conversation_id""#),
            request("AcquireBody", [id, lifetime, timeout], required: #""conversation_id""#),
            request("WaitBody", [id, ticket, token, timeout], required: #""conversation_id","ticket""#),
            request(
                "ExtendBody", [id, ticket, token, lifetime], required: #""conversation_id","ticket""#),
            request("FinishServingBody", [id, ticket, token], required: #""conversation_id","ticket""#),
            request(
                "CleanUpBody", [id, ticket, token], required: #""conversation_id""#,
                more: #","dependentRequired":{"token":["ticket"]}"#),
            request("PutLockBody", [id], required: #""conversation_id""#),
            answers,
        ].joined(separator: ",\n")
    }

    private static func integer(_ description: String) -> String {
        #"{"type":"integer","format":"int64","minimum":0,"maximum":\#(Parameters.integerMax),"description":"\#(description)"}"#
    }

    private static func request(
        _ name: String, _ fields: [String], required: String, more: String = ""
    ) -> String {
        #""\#(name)":{"type":"object","additionalProperties":false,"required":[\#(required)],"#
            + #""properties":{\#(fields.joined(separator: ","))}\#(more)}"#
    }

    /// Open to fields that a later version may add, where a request is closed. Said outright: generators take
    /// silence for a no.
    private static func answer(
        _ name: String, _ fields: KeyValuePairs<String, String>,
        optional: KeyValuePairs<String, String> = [:]
    ) -> String {
        let names = fields.map { #""\#($0.key)""# }.joined(separator: ",")
        let all = Array(fields) + Array(optional)
        let properties = all.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",")
        return #""\#(name)":{"type":"object","additionalProperties":true,"required":[\#(names)],"#
            + #""properties":{\#(properties)}}"#
    }

    private static let text = #"{"type":"string"}"#
    private static let boolean = #"{"type":"boolean"}"#
    private static let number = #"{"type":"integer","format":"int64"}"#
    private static let seconds = #"{"type":"number","format":"double"}"#

    private static let notRemoved = #"""
        {"type":"string","examples":["not_queued"],"description":"Why a named ticket was not removed. not_queued: \#
        it was finished, has expired, was removed, or was never issued. Later versions may have more."}
        """#

    private static let answers = [
        answer(
            "TicketStatus",
            [
                "conversation_id": text, "ticket": number, "token": number, "expires": seconds,
                "expires_in": seconds, "now_serving": number, "is_locked": boolean, "position": number,
            ]),
        answer(
            "FinishServingResult",
            [
                "conversation_id": text, "removed": boolean, "now_serving": number,
                "is_someone_waiting": boolean,
            ], optional: ["reason": notRemoved]),
        answer(
            "CleanUpResult",
            ["conversation_id": text, "removed": boolean, "deleted": boolean, "is_someone_waiting": boolean],
            optional: ["reason": notRemoved]),
        answer(
            "QueueStatus",
            [
                "conversation_id": text, "is_someone_waiting": boolean, "waiting": number,
                "now_serving": number,
            ]),
        answer("QueuedTicket", ["number": number, "expires": seconds, "token": number]),
        answer(
            "LockSnapshot",
            [
                "conversation_id": text,
                "tickets": ##"{"type":"array","items":{"$ref":"#/components/schemas/QueuedTicket"}}"##,
                "now_serving": number, "last_issued": number, "is_someone_waiting": boolean,
                "next_cursor": #"{"type":["string","null"]}"#,
            ]),
        answer("DeleteLockResult", ["conversation_id": text, "deleted": boolean]),
        answer(
            "LockPage",
            [
                "locks": ##"{"type":"array","items":{"$ref":"#/components/schemas/LockSnapshot"}}"##,
                "next_cursor": #"{"type":["string","null"]}"#,
            ]),
        answer("ServiceStatus", ["status": text]),
        answer("BuildVersion", ["name": text, "version": text, "libmicrohttpd": text]),
        #""OpenAPIDocument":{"type":"object","additionalProperties":true}"#,
        problemSchema,
    ].joined(separator: ",\n")

    /// Open to other fields and to other code words: a client must bear those that it does not know.
    private static var problemSchema: String {
        let codes = Problem.Code.allCases.map { #""\#($0.rawValue)""# }.joined(separator: ",")
        let kept = { (schema: String) in
            schema.dropLast() + #","description":"Of the ticket that keeps its place (shutting_down)."}"#
        }
        return #"""
            "Problem":{"type":"object","additionalProperties":true,"required":["type","title","status","detail","code"],"properties":{
            "type":\#(text),"title":\#(text),"status":{"type":"integer","format":"int32"},"detail":\#(text),
            "code":{"type":"string","description":"What has happened, for programs; later versions may have more.",
            "examples":[\#(codes)]},
            "field":{"type":"string","description":"The field or header at fault."},
            "conversation_id":\#(kept(text)),"ticket":\#(kept(number)),"token":\#(kept(number)),
            "expires":\#(kept(seconds)),"expires_in":\#(kept(seconds)),"now_serving":\#(kept(number)),
            "is_locked":\#(kept(boolean)),"position":\#(kept(number))}}
            """#
    }
}
