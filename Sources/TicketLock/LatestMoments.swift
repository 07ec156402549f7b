/// How late the moments of a table can be that is restored after its clock has begun anew, whatever was written: a
/// wall clock that went back does not make anything stay for years.
package struct LatestMoments: Sendable {
    /// Of what has happened.
    package var past = Instant.never
    /// Of a ticket's expiry.
    package var expiry = Instant.never
    /// Until which a deleted lock's number is remembered.
    package var retention = Instant.never

    package init() {}
}
