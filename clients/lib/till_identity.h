// Whose queue it is: the name in the client's certificate, which a renewed one has too.
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

// The certificate's URI; false if it has none, or a longer one.
bool ly_identity_of(SSL_CTX *context, char *ret_identity, size_t bytes);
