import Support
import Testing

/// The API's requests as tests write them: bodies as JSON text.
extension RawHTTPClient {
    func call(
        _ method: String, _ target: String, _ body: String? = nil, _ headers: [String] = []
    ) throws -> RawHTTPResponse {
        try send(method, target, body, headers)
        return try response(toHead: method == "HEAD")
    }

    /// Sends without waiting for the answer.
    func send(_ method: String, _ target: String, _ body: String? = nil, _ headers: [String] = []) throws {
        let type = body == nil ? [] : ["Content-Type: application/json"]
        try sendRequest(method, target, type + headers, body: body.map { Array($0.utf8) })
    }

    func post(_ name: String, _ body: String, key: String? = nil) throws -> RawHTTPResponse {
        try call("POST", "/v1/\(name)", body, key.map { ["Idempotency-Key: \($0)"] } ?? [])
    }

    func get(_ target: String) throws -> RawHTTPResponse { try call("GET", target) }

    /// A ticket for that conversation, whose ID needs no escapes.
    @discardableResult
    func ticket(_ id: String = "ada") throws -> JSONValue {
        try post("issue-ticket", #"{"conversation_id":"\#(id)"}"#).json
    }

    /// The whole listing, to see that nothing has changed.
    func listing() throws -> JSONValue { try get("/v1/locks?limit=1000").json }

    /// The numbers queued for a conversation, the one being served first.
    func queue(_ id: String = "ada") throws -> [Int] {
        let lock = try get("/v1/lock?conversation_id=\(id)").json
        return lock["tickets"]?.array?.compactMap { $0["number"]?.integer } ?? []
    }
}

/// Expects a problem+json of that code, complete and true to its status line.
func expectProblem(
    _ response: RawHTTPResponse, _ status: Int, _ code: String, field: String? = nil, _ comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let comment = Comment(rawValue: comment)
    #expect(response.status == status, comment, sourceLocation: sourceLocation)
    #expect(response.isProblem, comment, sourceLocation: sourceLocation)
    let json = try response.json
    #expect(json["code"]?.string == code, comment, sourceLocation: sourceLocation)
    #expect(
        json["type"]?.string == "urn:ticketlockd:problem:\(code)", comment, sourceLocation: sourceLocation)
    #expect(json["status"]?.integer == response.status, comment, sourceLocation: sourceLocation)
    #expect(json["title"]?.string?.isEmpty == false, comment, sourceLocation: sourceLocation)
    #expect(json["detail"]?.string?.isEmpty == false, comment, sourceLocation: sourceLocation)
    #expect(json["field"]?.string == field, comment, sourceLocation: sourceLocation)
    let retries = [429, 503].contains(status)
    #expect((response.header("retry-after") != nil) == retries, comment, sourceLocation: sourceLocation)
}
