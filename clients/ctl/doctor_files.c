// Our own side: the CA's certificate, ours and its key, as the files say.
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/doctor_parts.h"
#include "ctl/x509.h"

enum { WARNING_DAYS = 30, FAULT_DAYS = 7, NAME_BYTES = 200 };

static const char renew[] = "Have it renewed: loyaltyctl cert issue DIR NAME --uri URI --replace";

// "spiffe://vip.example/admin/anna", else the common name.
static void who(const X509 *certificate, char out[NAME_BYTES])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    out[0] = '\0';
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, out,
                                    NAME_BYTES);
    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI) {
            const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
            (void)snprintf(out, NAME_BYTES, "%.*s", ASN1_STRING_length(uri),
                           (const char *)ASN1_STRING_get0_data(uri));
        }
    }
    GENERAL_NAMES_free(names);
}

static void judge(struct doctor *doctor, const char *what, const char *code,
                  const X509 *certificate)
{
    char name[NAME_BYTES];
    int days = 0;
    int seconds = 0;
    who(certificate, name);
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        doctor_note(doctor, DOCTOR_FAULT, "files", code,
                    "Look at this machine's clock: timedatectl", "%s (%s) is not valid yet.", what,
                    name);
        return;
    }
    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1) {
        return;
    }
    if (days < 0 || seconds < 0) {
        doctor_note(doctor, DOCTOR_FAULT, "files", code, renew, "%s (%s) has expired.", what, name);
    } else if (days < WARNING_DAYS) {
        doctor_note(doctor, days < FAULT_DAYS ? DOCTOR_FAULT : DOCTOR_WARNING, "files", code, renew,
                    "%s (%s) ends in %d days.", what, name, days);
    } else {
        doctor_note(doctor, DOCTOR_GOOD, "files", code, "", "%s (%s) is valid for %d days.", what,
                    name, days);
    }
}

static X509 *read_one(struct doctor *doctor, const char *what, const char *code, const char *path)
{
    X509 *certificate = x509_read_certificate(path);
    if (certificate == NULL) {
        doctor_note(doctor, DOCTOR_FAULT, "files", code,
                    "Look at --tls and --as, or --ca, --cert and --key.",
                    "%s cannot be read from %.200s: %s.", what, path, x509_reason());
        ERR_clear_error();
        return NULL;
    }
    judge(doctor, what, code, certificate);
    return certificate;
}

void doctor_files(struct doctor *doctor)
{
    struct loyalty_options options = session_options(doctor->session);
    X509_free(read_one(doctor, "The CA we trust", "OUR_CA", options.ca_path));
    X509 *ours = read_one(doctor, "Our certificate", "OUR_CERTIFICATE", options.certificate_path);
    EVP_PKEY *key = x509_read_key(options.key_path);
    if (key == NULL) {
        doctor_note(doctor, DOCTOR_FAULT, "files", "OUR_KEY",
                    "Look at --tls and --as, or --key, and who may read the file.",
                    "Our key cannot be read from %.200s: %s.", options.key_path, x509_reason());
    } else if (ours != NULL && X509_check_private_key(ours, key) != 1) {
        doctor_note(doctor, DOCTOR_FAULT, "files", "OUR_KEY",
                    "Take the key that the certificate was issued for.",
                    "The key in %.200s is not our certificate's.", options.key_path);
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
    X509_free(ours);
}
