// Certificates and lists as their files say now, and whether that is what is in force: a file that
// was renewed and not loaded is as good as none. Dates are judged by this machine's clock, as
// OpenSSL does.
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/findings_parts.h"
#include "net/tls_dates.h"

enum {
    WARNING_DAYS = 30,
    FAULT_DAYS = 7,
    CRL_WARNING_HOURS = 72,
    ITEMS_MAX = 64, // looked at, of a file
    NAMES_BYTES = 160,
    DATE_BYTES = 32,
};

static const int64_t hour_ms = INT64_C(3600000);
static const int64_t day_ms = INT64_C(86400000);

static const char crl_advice[] =
    "Have the CA issue a new revocation list, put it into the file of --tls-crl, then systemctl "
    "reload loyaltyd.";

// What a file of certificates is for, and how what is found in it is called.
struct kind {
    const char *name;
    const char *good;
    const char *expires;
    const char *expired;
    const char *not_yet;
    const char *unreadable;
    const char *advice;
    bool server;
};

static const struct kind server_kind = {
    .name = "The server's certificate",
    .good = "CERTIFICATE",
    .expires = "CERTIFICATE_EXPIRES",
    .expired = "CERTIFICATE_EXPIRED",
    .not_yet = "CERTIFICATE_NOT_YET",
    .unreadable = "CERTIFICATE_UNREADABLE",
    .advice = "Renew it (loyaltyctl cert issue DIR server --server --dns NAME --replace, or your "
              "CA), then systemctl reload loyaltyd.",
    .server = true,
};
static const struct kind ca_kind = {
    .name = "The clients' CA",
    .good = "CLIENT_CA",
    .expires = "CLIENT_CA_EXPIRES",
    .expired = "CLIENT_CA_EXPIRED",
    .not_yet = "CLIENT_CA_NOT_YET",
    .unreadable = "CLIENT_CA_UNREADABLE",
    .advice = "Put the CA's new certificate beside the old one into the file of --tls-ca, "
              "systemctl reload loyaltyd, then renew the clients' certificates.",
};

// "2026-06-01 00:00 UTC"
static const char *date(int64_t instant_ms, char out[DATE_BYTES])
{
    time_t seconds = (time_t)(instant_ms / 1000);
    struct tm calendar;
    if (gmtime_r(&seconds, &calendar) == NULL ||
        strftime(out, DATE_BYTES, "%Y-%m-%d %H:%M UTC", &calendar) == 0) {
        out[0] = '\0';
    }
    return out;
}

// 0 is none.
static int64_t earlier(int64_t left_ms, int64_t right_ms)
{
    return left_ms == 0 || (right_ms != 0 && right_ms < left_ms) ? right_ms : left_ms;
}

static void common_name(const X509_NAME *name, char out[NAMES_BYTES])
{
    out[0] = '\0';
    (void)X509_NAME_get_text_by_NID(name, NID_commonName, out, NAMES_BYTES);
}

// --- certificates ---

// How many hosts and addresses it is good for.
static int count_names(const X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = 0;
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        int type = sk_GENERAL_NAME_value(names, i)->type;
        count += type == GEN_DNS || type == GEN_IPADD ? 1 : 0;
    }
    GENERAL_NAMES_free(names);
    return count;
}

static void judge_end(struct findings *findings, const struct kind *kind, const char *subject,
                      int64_t end_ms)
{
    char day[DATE_BYTES];
    int64_t left_ms = end_ms - findings->now_ms;
    (void)date(end_ms, day);
    if (left_ms <= 0) {
        findings_say(findings, FINDING_FAULT, kind->expired, kind->advice,
                     "%s (%s) has expired, on %s.", kind->name, subject, day);
    } else if (left_ms <= WARNING_DAYS * day_ms) {
        findings_say(findings, left_ms <= FAULT_DAYS * day_ms ? FINDING_FAULT : FINDING_WARNING,
                     kind->expires, kind->advice, "%s (%s) ends in %" PRId64 " days, on %s.",
                     kind->name, subject, left_ms / day_ms, day);
    } else {
        findings_say(findings, FINDING_GOOD, kind->good, "", "%s (%s) is valid until %s.",
                     kind->name, subject, day);
    }
}

static void judge_certificate(struct findings *findings, const struct kind *kind,
                              const X509 *certificate, bool first)
{
    char subject[NAMES_BYTES];
    char day[DATE_BYTES];
    common_name(X509_get_subject_name(certificate), subject);
    int64_t begin_ms = tls_time_ms(X509_get0_notBefore(certificate));
    if (kind->server && first && count_names(certificate) == 0) {
        findings_say(findings, FINDING_FAULT, "CERTIFICATE_NAME", kind->advice,
                     "%s (%s) names neither a host nor an address, so that no client trusts it.",
                     kind->name, subject);
    }
    if (begin_ms > findings->now_ms) {
        findings_say(findings, FINDING_FAULT, kind->not_yet,
                     "Look at this machine's clock (timedatectl); else put the certificate before "
                     "back until then.",
                     "%s (%s) is valid only from %s on.", kind->name, subject, date(begin_ms, day));
        return;
    }
    judge_end(findings, kind, subject, tls_time_ms(X509_get0_notAfter(certificate)));
}

// The earliest end of all in the file; 0: there is none to be read.
static int64_t judge_file(struct findings *findings, const struct kind *kind, const char *path)
{
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    int64_t end_ms = 0;
    int count = 0;
    X509 *certificate = NULL;
    while (file != NULL && count < ITEMS_MAX &&
           (certificate = PEM_read_X509(file, NULL, NULL, NULL)) != NULL) {
        judge_certificate(findings, kind, certificate, count == 0);
        end_ms = earlier(end_ms, tls_time_ms(X509_get0_notAfter(certificate)));
        X509_free(certificate);
        count++;
    }
    ERR_clear_error();
    if (file != NULL) {
        (void)fclose(file);
    }
    if (count == 0) {
        findings_say(
            findings, FINDING_FAULT, kind->unreadable,
            "See that the file is there, is PEM, and may be read by the daemon's user: the "
            "next start or reload fails without it.",
            "%s cannot be read from %.200s.", kind->name, path == NULL ? "(none)" : path);
    }
    return end_ms;
}

// --- revocation lists ---

static void judge_list(struct findings *findings, const X509_CRL *list)
{
    char issuer[NAMES_BYTES];
    char day[DATE_BYTES];
    common_name(X509_CRL_get_issuer(list), issuer);
    int64_t end_ms = tls_time_ms(X509_CRL_get0_nextUpdate(list));
    int64_t left_ms = end_ms - findings->now_ms;
    (void)date(end_ms, day);
    if (left_ms <= 0) {
        findings_say(findings, FINDING_FAULT, "CRL_ENDED", crl_advice,
                     "The revocation list of %s has ended, on %s; no new client is let in.", issuer,
                     day);
    } else if (left_ms <= CRL_WARNING_HOURS * hour_ms) {
        findings_say(findings, FINDING_WARNING, "CRL_ENDS", crl_advice,
                     "The revocation list of %s ends in %" PRId64
                     " h, on %s; then no client is let in.",
                     issuer, left_ms / hour_ms, day);
    } else {
        findings_say(findings, FINDING_GOOD, "CRL", "",
                     "The revocation list of %s is good until %s.", issuer, day);
    }
}

static int64_t judge_lists(struct findings *findings, const char *path)
{
    FILE *file = fopen(path, "re");
    int64_t end_ms = 0;
    int count = 0;
    X509_CRL *list = NULL;
    while (file != NULL && count < ITEMS_MAX &&
           (list = PEM_read_X509_CRL(file, NULL, NULL, NULL)) != NULL) {
        judge_list(findings, list);
        end_ms = earlier(end_ms, tls_time_ms(X509_CRL_get0_nextUpdate(list)));
        X509_CRL_free(list);
        count++;
    }
    ERR_clear_error();
    if (file != NULL) {
        (void)fclose(file);
    }
    if (count == 0) {
        findings_say(findings, FINDING_FAULT, "CRL_UNREADABLE", crl_advice,
                     "The revocation list cannot be read from %.200s.", path);
    }
    return end_ms;
}

// --- what is in force ---

static void judge_loaded(struct findings *findings, const char *what, int64_t file_ms,
                         int64_t loaded_ms)
{
    char in_file[DATE_BYTES];
    char in_force[DATE_BYTES];
    if (file_ms != 0 && loaded_ms != 0 && file_ms != loaded_ms) {
        findings_say(findings, FINDING_WARNING, "TLS_NOT_LOADED", "systemctl reload loyaltyd",
                     "The %s in the file ends on %s, the one in force on %s: it was changed and "
                     "not loaded.",
                     what, date(file_ms, in_file), date(loaded_ms, in_force));
    }
}

void findings_tls(struct findings *findings)
{
    const struct options *options = findings->about->options;
    struct server_dates dates = {0};
    if (findings->about->server != NULL) {
        dates = server_dates(findings->about->server);
    }
    int64_t end_ms = judge_file(findings, &server_kind, options->tls_certificate);
    judge_loaded(findings, "certificate", end_ms, dates.certificate_not_after_ms);
    (void)judge_file(findings, &ca_kind, options->tls_ca);
    if (options->tls_crl == NULL) {
        findings_say(findings, FINDING_WARNING, "CRL_NONE",
                     "Have the CA issue a revocation list, and name it by --tls-crl.",
                     "There is no revocation list: a till that was stolen keeps its access until "
                     "its certificate ends.");
        return;
    }
    judge_loaded(findings, "revocation list", judge_lists(findings, options->tls_crl),
                 dates.crl_next_update_ms);
}
