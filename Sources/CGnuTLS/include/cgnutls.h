/// GnuTLS behind plain C: TLS for the client's side of a connected, nonblocking socket, and SHA-1.
///
/// Credentials may be used by any number of sessions, on any thread; a session belongs to one thread.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CGNUTLS_SHA1_BYTES 20

/// Room for the words of a problem, with the NUL after them.
#define CGNUTLS_PROBLEM_BYTES 256

/// What a call came to, when it did not come to a number of bytes.
#define CGNUTLS_ENDED 0       ///< The peer has closed its side in order.
#define CGNUTLS_BLOCKED (-1)  ///< Nothing could be done now: ask again when the socket is ready.
#define CGNUTLS_FAILED (-2)   ///< The session is of no use any more; cgnutls_problem() tells why.

typedef struct cgnutls_credentials cgnutls_credentials;
typedef struct cgnutls_session cgnutls_session;

/// Reads whom to trust and who we are, all in PEM. Reads files.
///
/// `ca_file` NULL: whom the system trusts. `certificate_file` NULL: we show no certificate; otherwise `key_file` has
/// its key. NULL on failure, with the reason in `problem`. The caller owns the credentials, which must outlive their
/// sessions.
cgnutls_credentials *_Nullable cgnutls_credentials_load(const char *_Nullable ca_file,
                                                        const char *_Nullable certificate_file,
                                                        const char *_Nullable key_file,
                                                        char problem[_Nonnull CGNUTLS_PROBLEM_BYTES]);
void cgnutls_credentials_free(cgnutls_credentials *_Nonnull credentials);

/// A session over `socket`, which stays the caller's and must outlive it. `server_name`, a DNS name or an IP address,
/// is what the server's certificate must be for. TLS 1.2 or later. NULL when there is no memory.
cgnutls_session *_Nullable cgnutls_session_new(cgnutls_credentials *_Nonnull credentials, int socket,
                                               const char *_Nonnull server_name);

/// Tells the peer of the end, as far as that goes without waiting. Before the socket is closed.
void cgnutls_bye(cgnutls_session *_Nonnull session);

void cgnutls_session_free(cgnutls_session *_Nonnull session);

/// Goes on with the handshake, in which the server's chain and name are checked: 1 when it is done, CGNUTLS_BLOCKED
/// or CGNUTLS_FAILED.
int cgnutls_handshake(cgnutls_session *_Nonnull session);

/// Whether what was blocked last waits for the socket to be writable, rather than readable.
int cgnutls_awaits_writing(const cgnutls_session *_Nonnull session);

/// Reads or writes at most `length` bytes: how many it was, or one of the codes above. After a write that was blocked
/// the same bytes are to be given again, more may follow them.
long cgnutls_read(cgnutls_session *_Nonnull session, void *_Nonnull bytes, size_t length);
long cgnutls_write(cgnutls_session *_Nonnull session, const void *_Nonnull bytes, size_t length);

/// Why the session failed; valid while it lives.
const char *_Nonnull cgnutls_problem(const cgnutls_session *_Nonnull session);

/// The SHA-1 digest of `bytes`; -1 if GnuTLS refuses to make one, 0 otherwise.
int cgnutls_sha1(const void *_Nonnull bytes, size_t length, uint8_t digest[_Nonnull CGNUTLS_SHA1_BYTES]);
