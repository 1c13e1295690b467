// The way to the server, step by step: its name, its port, its certificate as it shows it to
// anybody. Nothing is believed here and nothing is asked; what is found says where it ends.
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ctl/doctor_parts.h"

enum { HOST_BYTES = 256, NAME_BYTES = 200, STEP_S = 5 };

static const unsigned char alpn[] = "\x09loyalty/1";

struct place {
    char host[HOST_BYTES];
    const char *port;
};

// "HOST:PORT", "[::1]:PORT".
static bool split(const char *server, struct place *ret_place)
{
    const char *colon = strrchr(server, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - server);
    bool bracketed = len > 2 && server[0] == '[' && server[len - 1] == ']';
    if (bracketed) {
        server++;
        len -= 2;
    }
    if (len == 0 || len >= HOST_BYTES) {
        return false;
    }
    memcpy(ret_place->host, server, len);
    ret_place->host[len] = '\0';
    ret_place->port = colon + 1;
    return true;
}

static int connect_one(const struct addrinfo *address)
{
    const struct timeval step = {.tv_sec = STEP_S};
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &step, sizeof(step));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof(step));
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
        return fd;
    }
    int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

// The socket, or -1 and said why.
static int reach(struct doctor *doctor, const struct place *place)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    int failure = getaddrinfo(place->host, place->port, &hints, &addresses);
    if (failure != 0) {
        doctor_note(doctor, DOCTOR_FAULT, "connection", "NAME_UNKNOWN",
                    "Look at --server and at the name service: getent hosts NAME", "%s: %s.",
                    place->host, gai_strerror(failure));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *each = addresses; each != NULL && fd < 0; each = each->ai_next) {
        fd = connect_one(each);
    }
    int why = errno;
    freeaddrinfo(addresses);
    if (fd < 0) {
        doctor_note(doctor, DOCTOR_FAULT, "connection",
                    why == ECONNREFUSED ? "REFUSED" : "UNREACHABLE",
                    why == ECONNREFUSED
                        ? "On its machine: systemctl status loyaltyd.socket loyaltyd; journalctl "
                          "-u loyaltyd -n 50"
                        : "Look at the network between: ip route get ADDRESS; a firewall may drop "
                          "what is sent.",
                    "%s:%s cannot be reached: %s.", place->host, place->port,
                    why == EINPROGRESS ? "no answer" : strerror(why));
    }
    return fd;
}

static bool names_host(X509 *certificate, const char *host)
{
    return X509_check_ip_asc(certificate, host, 0) == 1 ||
           X509_check_host(certificate, host, 0, 0, NULL) == 1;
}

static void judge_certificate(struct doctor *doctor, const struct place *place, X509 *certificate)
{
    static const char renew[] =
        "On the server: renew the certificate with this name (--dns, --ip), then systemctl reload "
        "loyaltyd";
    char name[NAME_BYTES] = "";
    int days = 0;
    int seconds = 0;
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                    sizeof(name));
    (void)ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate));
    if (!names_host(certificate, place->host)) {
        doctor_note(doctor, DOCTOR_FAULT, "connection", "SERVER_NAME", renew,
                    "The server's certificate (%s) is not for %s.", name, place->host);
    }
    if (days < 0 || seconds < 0) {
        doctor_note(doctor, DOCTOR_FAULT, "connection", "SERVER_EXPIRED", renew,
                    "The server shows a certificate (%s) that has expired %d days ago.", name,
                    -days);
    } else {
        doctor_note(doctor, DOCTOR_GOOD, "connection", "SERVER_CERTIFICATE", "",
                    "%s:%s answers and shows a certificate (%s) valid for %d days.", place->host,
                    place->port, name, days);
    }
}

static void shake_hands(struct doctor *doctor, const struct place *place, SSL *ssl)
{
    ERR_clear_error();
    int done = SSL_connect(ssl);
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    if (certificate != NULL) {
        judge_certificate(doctor, place, certificate);
    }
    if (done != 1) {
        doctor_note(doctor, DOCTOR_FAULT, "connection", "TLS_HANDSHAKE",
                    "See that --server is loyaltyd's port; its log says why it closes: journalctl "
                    "-u loyaltyd -n 50",
                    "%s:%s does not complete TLS: %s.", place->host, place->port,
                    reason == NULL ? "it closed, or did not answer" : reason);
    }
    X509_free(certificate);
    ERR_clear_error();
}

void doctor_probe(struct doctor *doctor)
{
    struct place place;
    if (!split(doctor->session->globals->server, &place)) {
        doctor_note(doctor, DOCTOR_FAULT, "connection", "ADDRESS", "--server HOST:PORT",
                    "%.200s is no address.", doctor->session->globals->server);
        return;
    }
    int fd = reach(doctor, &place);
    SSL_CTX *context = fd < 0 ? NULL : SSL_CTX_new(TLS_client_method());
    SSL *ssl = context == NULL ? NULL : SSL_new(context);
    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 &&
        SSL_set_alpn_protos(ssl, alpn, sizeof(alpn) - 1) == 0) {
        shake_hands(doctor, &place, ssl);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    if (fd >= 0) {
        (void)close(fd);
    }
}
