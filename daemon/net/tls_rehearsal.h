// A context tries itself before it is used: one handshake and one byte each way, in memory. What
// OpenSSL makes at first use and keeps (algorithms, tables) is made here, where a failure is the
// start's or the reload's; made by the first client's handshake, it would fail once for want of
// memory and then for ever. And a certificate that TLS 1.3 cannot use is found before a client
// does.
#pragma once

#include <openssl/types.h>

#include "base/status.h"

// STATUS_INVALID with the reason in `ret_reason` (static).
MUST_CHECK enum status tls_rehearse(SSL_CTX *tls, const char **ret_reason);
