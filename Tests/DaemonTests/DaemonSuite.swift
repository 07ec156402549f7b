import Testing

/// The built binary, end to end. One test at a time: they start many processes, on a machine that other tests
/// share.
@Suite("The daemon", .serialized)
enum DaemonSuite {}
