/// GnuTLS behind plain C: TLS for the client's side of a connected, nonblocking socket, and SHA-1.
///
/// Credentials may be used by any number of sessions, on any thread; a session belongs to one thread.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CGNUTLS_SHA1_BYTES 20

/// What a call came to, when it did not come to a number of bytes.
#define CGNUTLS_ENDED 0      ///< The peer has closed its side in order.
#define CGNUTLS_BLOCKED (-1) ///< Nothing could be done now: ask again when the socket is ready.
#define CGNUTLS_FAILED (-2)  ///< The session is of no use any more; cgnutls_problem() tells why.

typedef struct cgnutls_credentials cgnutls_credentials;
typedef struct cgnutls_session cgnutls_session;

/// The SHA-1 digest of `bytes`; -1 if GnuTLS refuses to make one, 0 otherwise.
int cgnutls_sha1(const void *_Nonnull bytes, size_t length, uint8_t digest[_Nonnull CGNUTLS_SHA1_BYTES]);
