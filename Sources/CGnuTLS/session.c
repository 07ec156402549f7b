// strdup
#define _GNU_SOURCE

#include "internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cgnutls_session {
    gnutls_session_t tls;
    /// A record that could not be written whole; GnuTLS keeps it.
    int is_write_blocked;
    int is_established;
    /// What the server's certificate must be for; GnuTLS does not copy it.
    char *server_name;
    char problem[CGNUTLS_PROBLEM_BYTES];
};

static int is_numeric(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

cgnutls_session *cgnutls_session_new(cgnutls_credentials *credentials, int socket, const char *server_name)
{
    cgnutls_session *session = calloc(1, sizeof *session);
    if (!session) return NULL;
    session->server_name = strdup(server_name);
    if (!session->server_name
        || gnutls_init(&session->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0) {
        free(session->server_name);
        free(session);
        return NULL;
    }
    gnutls_set_default_priority_append(session->tls, "-VERS-TLS1.0:-VERS-TLS1.1", NULL, 0);
    gnutls_credentials_set(session->tls, GNUTLS_CRD_CERTIFICATE, credentials->certificates);
    // RFC 6066, section 3: an address is no server name, though it may be in a certificate.
    if (!is_numeric(server_name))
        gnutls_server_name_set(session->tls, GNUTLS_NAME_DNS, server_name, strlen(server_name));
    gnutls_session_set_verify_cert(session->tls, session->server_name, 0);
    gnutls_transport_set_int(session->tls, socket);
    gnutls_handshake_set_timeout(session->tls, GNUTLS_INDEFINITE_TIMEOUT);
    return session;
}

void cgnutls_bye(cgnutls_session *session)
{
    if (session->is_established) gnutls_bye(session->tls, GNUTLS_SHUT_WR);
    session->is_established = 0;
}

void cgnutls_session_free(cgnutls_session *session)
{
    gnutls_deinit(session->tls);
    free(session->server_name);
    free(session);
}

/// Keeps the words for a fatal error.
static int fail(cgnutls_session *session, long error)
{
    session->is_established = 0;
    const char *reason = gnutls_strerror((int)error);
    gnutls_datum_t verdict = {NULL, 0};
    if (error == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
        gnutls_certificate_verification_status_print(gnutls_session_get_verify_cert_status(session->tls),
                                                     gnutls_certificate_type_get(session->tls), &verdict, 0);
    if (error == GNUTLS_E_FATAL_ALERT_RECEIVED) reason = gnutls_alert_get_name(gnutls_alert_get(session->tls));
    if (verdict.data)
        snprintf(session->problem, sizeof session->problem, "the certificate is refused: %s",
                 (const char *)verdict.data);
    else if (error == GNUTLS_E_FATAL_ALERT_RECEIVED)
        snprintf(session->problem, sizeof session->problem, "the server ended TLS: %s", reason);
    else
        snprintf(session->problem, sizeof session->problem, "TLS: %s", reason);
    gnutls_free(verdict.data);
    return CGNUTLS_FAILED;
}

static int is_worth_repeating(long result)
{
    return result < 0 && result != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)result);
}

int cgnutls_handshake(cgnutls_session *session)
{
    int result;
    do result = gnutls_handshake(session->tls);
    while (is_worth_repeating(result));
    if (result == GNUTLS_E_AGAIN) return CGNUTLS_BLOCKED;
    if (result < 0) return fail(session, result);
    session->is_established = 1;
    return 1;
}

int cgnutls_awaits_writing(const cgnutls_session *session)
{
    return gnutls_record_get_direction(session->tls);
}

static long outcome(cgnutls_session *session, long result)
{
    if (result == GNUTLS_E_AGAIN) return CGNUTLS_BLOCKED;
    // Many a server closes its socket without good-bye; Redis's protocol tells where a reply ends.
    if (result == GNUTLS_E_PREMATURE_TERMINATION) return CGNUTLS_ENDED;
    return result < 0 ? fail(session, result) : result;
}

long cgnutls_read(cgnutls_session *session, void *bytes, size_t length)
{
    long result;
    do result = gnutls_record_recv(session->tls, bytes, length);
    while (is_worth_repeating(result));
    return outcome(session, result);
}

long cgnutls_write(cgnutls_session *session, const void *bytes, size_t length)
{
    if (session->is_write_blocked) {
        bytes = NULL;
        length = 0;
    }
    long result;
    do result = gnutls_record_send(session->tls, bytes, length);
    while (is_worth_repeating(result));
    session->is_write_blocked = result == GNUTLS_E_AGAIN;
    return outcome(session, result);
}

const char *cgnutls_problem(const cgnutls_session *session)
{
    return session->problem;
}
