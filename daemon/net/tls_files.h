// Whom we believe and whom no more, from PEM files: all of a file or none of it. OpenSSL's own
// loading leaves out what it finds no memory for, takes keys it could not decode, and stops at the
// first line that cannot be read as if the file ended there; then a part of the clients is refused
// until somebody notices.
#pragma once

#include <stdbool.h>

#include <openssl/types.h>

// The clients' CAs, and their names for the handshake. False: OpenSSL's queue of errors may say
// why.
bool tls_files_take_authorities(SSL_CTX *tls, const char *path);
// Revocation lists.
bool tls_files_take_lists(SSL_CTX *tls, const char *path);
