// Until when certificates and revocation lists hold, in milliseconds since 1970.
#pragma once

#include <stdint.h>

#include <openssl/types.h>

// 0: NULL, or no instant.
int64_t tls_time_ms(const ASN1_TIME *time);
// The earliest end of the context's own certificate and those it sends along; 0: it has none.
int64_t tls_context_not_after_ms(SSL_CTX *context);
// The earliest instant at which a list of the context must have been renewed; 0: it has none.
int64_t tls_context_crl_due_ms(SSL_CTX *context);
