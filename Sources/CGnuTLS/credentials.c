#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

static int refuse(char *problem, const char *file, const char *reason)
{
    snprintf(problem, CGNUTLS_PROBLEM_BYTES, "%s: %s", file, reason);
    return -1;
}

static int load_trust(gnutls_certificate_credentials_t certificates, const char *ca_file, char *problem)
{
    const char *name = ca_file ? ca_file : "the system's certificates";
    int count = ca_file ? gnutls_certificate_set_x509_trust_file(certificates, ca_file, GNUTLS_X509_FMT_PEM)
                        : gnutls_certificate_set_x509_system_trust(certificates);
    if (count < 0) return refuse(problem, name, gnutls_strerror(count));
    if (count == 0) return refuse(problem, name, "there is no certificate in it");
    return 0;
}

static int load_identity(gnutls_certificate_credentials_t certificates, const char *certificate_file,
                         const char *key_file, char *problem)
{
    if (!certificate_file) return 0;
    if (!key_file) key_file = certificate_file;
    int result = gnutls_certificate_set_x509_key_file2(certificates, certificate_file, key_file,
                                                       GNUTLS_X509_FMT_PEM, NULL, 0);
    if (result >= 0) return 0;
    char names[CGNUTLS_PROBLEM_BYTES / 2];
    snprintf(names, sizeof names, "%s with the key %s", certificate_file, key_file);
    return refuse(problem, names, gnutls_strerror(result));
}

cgnutls_credentials *cgnutls_credentials_load(const char *ca_file, const char *certificate_file,
                                              const char *key_file, char problem[CGNUTLS_PROBLEM_BYTES])
{
    cgnutls_credentials *credentials = calloc(1, sizeof *credentials);
    if (!credentials || gnutls_certificate_allocate_credentials(&credentials->certificates) != 0) {
        free(credentials);
        refuse(problem, "TLS", "out of memory");
        return NULL;
    }
    if (load_trust(credentials->certificates, ca_file, problem) != 0
        || load_identity(credentials->certificates, certificate_file, key_file, problem) != 0) {
        cgnutls_credentials_free(credentials);
        return NULL;
    }
    return credentials;
}

void cgnutls_credentials_free(cgnutls_credentials *credentials)
{
    gnutls_certificate_free_credentials(credentials->certificates);
    free(credentials);
}
