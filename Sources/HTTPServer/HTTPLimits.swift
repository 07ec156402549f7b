/// How much a caller may send and keep open.
package struct HTTPLimits: Equatable, Sendable {
    package var bodyBytesMax = 16_384
    /// Request line and headers together.
    package var headerBytesMax = 8_192
    package var connectionsMax = 10_000
    /// Of them, those that parked requests leave for requests that do not wait.
    package var connectionsReserved = 1_000
    /// Connections beyond those, 1 to 256, which are refused or closing and read from until their callers know.
    package var lingeringMax = 64
    /// From one IP address; 0: no limit. Unix sockets are not counted.
    package var connectionsPerAddressMax = 0
    /// Whole seconds after which a connection on which nothing moves is closed. Parked requests are exempt.
    package var idleTimeout: Duration = .seconds(60)
    /// The longest from a request's first byte to its last.
    package var requestTimeout: Duration = .seconds(30)

    package init() {}
}
