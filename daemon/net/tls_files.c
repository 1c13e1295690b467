// One object after the other; the file's end is where no further one begins and nothing has failed.
#include "net/tls_files.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum took { TOOK_ONE, TOOK_NONE, TOOK_FAILED };

typedef enum took take_fn(SSL_CTX *tls, BIO *file);

static enum took judge_end(BIO *file)
{
    FILE *stream = NULL;
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE &&
                  BIO_get_fp(file, &stream) == 1 && ferror(stream) == 0;
    return at_end ? TOOK_NONE : TOOK_FAILED;
}

// Its key was decoded, and not by halves. Asking for the purpose looks at the extensions, which is
// done but once.
static bool is_usable(X509 *authority)
{
    const EVP_PKEY *key = X509_get0_pubkey(authority);
    return key != NULL && EVP_PKEY_get_security_bits(key) > 0 &&
           X509_check_purpose(authority, -1, 0) == 1;
}

static enum took take_authority(SSL_CTX *tls, BIO *file)
{
    X509 *authority = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL);
    if (authority == NULL) {
        return judge_end(file);
    }
    bool taken = is_usable(authority) &&
                 X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), authority) == 1 &&
                 SSL_CTX_add_client_CA(tls, authority) == 1;
    X509_free(authority);
    return taken ? TOOK_ONE : TOOK_FAILED;
}

static enum took take_list(SSL_CTX *tls, BIO *file)
{
    X509_CRL *list = PEM_read_bio_X509_CRL(file, NULL, NULL, NULL);
    if (list == NULL) {
        return judge_end(file);
    }
    bool taken = X509_STORE_add_crl(SSL_CTX_get_cert_store(tls), list) == 1;
    X509_CRL_free(list);
    return taken ? TOOK_ONE : TOOK_FAILED;
}

static bool take_all(SSL_CTX *tls, const char *path, take_fn *take)
{
    BIO *file = BIO_new_file(path, "r");
    if (file == NULL) {
        return false;
    }
    size_t count = 0;
    enum took took = TOOK_ONE;
    while ((took = take(tls, file)) == TOOK_ONE) {
        count++;
    }
    (void)BIO_free(file);
    return took == TOOK_NONE && count > 0;
}

bool tls_files_take_authorities(SSL_CTX *tls, const char *path)
{
    return take_all(tls, path, take_authority);
}

bool tls_files_take_lists(SSL_CTX *tls, const char *path)
{
    return take_all(tls, path, take_list);
}
