#include "cgnutls.h"

#include <gnutls/crypto.h>

int cgnutls_sha1(const void *bytes, size_t length, uint8_t digest[CGNUTLS_SHA1_BYTES])
{
    return gnutls_hash_fast(GNUTLS_DIG_SHA1, bytes, length, digest) == 0 ? 0 : -1;
}
