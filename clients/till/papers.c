// By the functions behind `loyaltyctl cert`, without a process for each of hundreds of tills.
#include "till/papers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/x509.h"

enum { PAPERS_DAYS = 30, URI_BYTES = 256 };

struct papers {
    char folder[PAPERS_PATH_BYTES];
    X509 *authority;
    EVP_PKEY *authority_key;
};

static bool path_of(char ret_path[PAPERS_PATH_BYTES], const char *folder, const char *name,
                    const char *suffix)
{
    int len = snprintf(ret_path, PAPERS_PATH_BYTES, "%s/%s%s", folder, name, suffix);
    return len > 0 && len < PAPERS_PATH_BYTES;
}

static bool write_pair(const char *folder, const char *name, const X509 *certificate,
                       const EVP_PKEY *key)
{
    char path[PAPERS_PATH_BYTES];
    char key_path[PAPERS_PATH_BYTES];
    return certificate != NULL && key != NULL && path_of(path, folder, name, ".pem") &&
           path_of(key_path, folder, name, ".key") && x509_write_key(key_path, key, true) &&
           x509_write_certificate(path, certificate, true);
}

static bool make_authority(struct papers *papers, const char *folder)
{
    struct x509_wish wish = {.name = "loyalty CA", .authority = true, .days = PAPERS_DAYS};
    papers->authority_key = x509_key_new();
    papers->authority = papers->authority_key == NULL
                            ? NULL
                            : x509_issue(&wish, papers->authority_key, NULL, papers->authority_key);
    return write_pair(folder, "ca", papers->authority, papers->authority_key);
}

static bool read_authority(struct papers *papers, const char *folder)
{
    char path[PAPERS_PATH_BYTES];
    char key_path[PAPERS_PATH_BYTES];
    if (!path_of(path, folder, "ca", ".pem") || !path_of(key_path, folder, "ca", ".key")) {
        return false;
    }
    papers->authority = x509_read_certificate(path);
    papers->authority_key = papers->authority == NULL ? NULL : x509_read_key(key_path);
    return papers->authority_key != NULL;
}

struct papers *papers_new(const char *authority, const char *folder, bool fresh)
{
    struct papers *papers = calloc(1, sizeof(*papers));
    if (papers == NULL || strlen(folder) >= sizeof(papers->folder) ||
        !(fresh ? make_authority(papers, authority) : read_authority(papers, authority))) {
        (void)fprintf(stderr, "loyalty-till: no certificate authority in %s: %s\n", authority,
                      x509_reason());
        papers_free(papers);
        return NULL;
    }
    memcpy(papers->folder, folder, strlen(folder) + 1);
    return papers;
}

void papers_free(struct papers *papers)
{
    if (papers != NULL) {
        X509_free(papers->authority);
        EVP_PKEY_free(papers->authority_key);
        free(papers);
    }
}

static bool issue(const struct papers *papers, const struct x509_wish *wish)
{
    EVP_PKEY *key = x509_key_new();
    X509 *certificate =
        key == NULL ? NULL : x509_issue(wish, key, papers->authority, papers->authority_key);
    bool good = write_pair(papers->folder, wish->name, certificate, key);
    if (!good) {
        (void)fprintf(stderr, "loyalty-till: no certificate for %s: %s\n", wish->name,
                      x509_reason());
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return good;
}

bool papers_issue_client(struct papers *papers, const char *name, const char *unit)
{
    char uri[URI_BYTES];
    int len = snprintf(uri, sizeof(uri), "spiffe://vip.example/%s", unit);
    char *uris[] = {uri, NULL};
    struct x509_wish wish = {.name = name, .uris = uris, .days = PAPERS_DAYS};
    return len > 0 && (size_t)len < sizeof(uri) && issue(papers, &wish);
}

bool papers_issue_server(struct papers *papers, const char *name)
{
    char address[] = "127.0.0.1";
    char *addresses[] = {address, NULL};
    struct x509_wish wish = {
        .name = name, .server = true, .ip_addresses = addresses, .days = PAPERS_DAYS};
    return issue(papers, &wish);
}
