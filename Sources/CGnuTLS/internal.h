/// What the files of this target share.
#pragma once
#include "cgnutls.h"

#include <gnutls/gnutls.h>

struct cgnutls_credentials {
    gnutls_certificate_credentials_t certificates;
};
