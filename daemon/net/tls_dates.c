// Dates as OpenSSL keeps them, as instants.
#include "net/tls_dates.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <time.h>

int64_t tls_time_ms(const ASN1_TIME *time)
{
    struct tm calendar = {0};
    if (time == NULL || ASN1_TIME_to_tm(time, &calendar) != 1) {
        return 0;
    }
    return (int64_t)timegm(&calendar) * 1000;
}

// 0 is no date.
static int64_t earlier(int64_t left_ms, int64_t right_ms)
{
    if (left_ms == 0 || right_ms == 0) {
        return left_ms + right_ms;
    }
    return left_ms < right_ms ? left_ms : right_ms;
}

int64_t tls_context_not_after_ms(SSL_CTX *context)
{
    const X509 *own = SSL_CTX_get0_certificate(context);
    STACK_OF(X509) *others = NULL;
    int64_t end_ms = own == NULL ? 0 : tls_time_ms(X509_get0_notAfter(own));
    (void)SSL_CTX_get0_chain_certs(context, &others);
    for (int i = 0; i < sk_X509_num(others); i++) {
        end_ms = earlier(end_ms, tls_time_ms(X509_get0_notAfter(sk_X509_value(others, i))));
    }
    return end_ms;
}

int64_t tls_context_crl_due_ms(SSL_CTX *context)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    int64_t due_ms = 0;
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        const X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        if (list != NULL) {
            due_ms = earlier(due_ms, tls_time_ms(X509_CRL_get0_nextUpdate(list)));
        }
    }
    return due_ms;
}
