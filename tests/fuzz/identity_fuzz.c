// Identities: a URI SAN's bytes through net/identity. A second reader, which takes the URI apart
// from its grammar in design.md, says what is one; what is read must spell the URI again, to its
// last byte.
//
// Input: which trust domain, then the URI.
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_text.h"
#include "net/identity.h"

enum { CHOICES = 1, URI_BYTES_MAX = 512 };

static const char *const domains[] = {"vip.example", "a", "VIP-2.example_x"};

static const char *const words[] = {
    "spiffe://",
    "spiffe:/",
    "SPIFFE://",
    "https://",
    "vip.example",
    "vip.example.org",
    "pos",
    "backend",
    "admin",
    "job",
    "partner",
    "store-1",
    "till-1",
    "..",
    ".",
    "//",
    "/",
    "?a=b",
    "#x",
    "%2f",
    "@",
    ":80",
    "abcdefghijklmnop",
    "abcdefghijklmnopq",
};

// --- the second reader ---

static bool all_of(struct span text, const char *letters)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\0' || strchr(letters, text.data[i]) == NULL) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_segment(struct span text)
{
    return all_of(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") &&
           !span_is_text(text, ".") && !span_is_text(text, "..");
}

// The next part of a path, up to a slash or the end; `more` says that a slash followed.
static struct span next_part(struct span *path, bool *more)
{
    size_t len = 0;
    while (len < path->len && path->data[len] != '/') {
        len++;
    }
    struct span part = span_of(path->data, len);
    *more = len < path->len;
    *path = span_from(*path, *more ? len + 1 : len);
    return part;
}

static bool is_identity(struct span uri, const char *domain)
{
    char start[256];
    bool more = true;
    size_t len = (size_t)snprintf(start, sizeof(start), "spiffe://%s/", domain);
    if (uri.len < len || memcmp(uri.data, start, len) != 0) {
        return false;
    }
    struct span path = span_from(uri, len);
    struct span role = next_part(&path, &more);
    if (role.len > 16 || !all_of(role, "abcdefghijklmnopqrstuvwxyz") || (more && path.len > 128)) {
        return false;
    }
    while (more) {
        if (!is_segment(next_part(&path, &more))) {
            return false;
        }
    }
    return true;
}

// --- the driver ---

static void check_spelling(struct span uri, const char *domain, const struct identity *identity)
{
    char spelt[URI_BYTES_MAX];
    CHECK(memchr(identity->role, '\0', sizeof(identity->role)) != NULL);
    CHECK(memchr(identity->unit, '\0', sizeof(identity->unit)) != NULL);
    int len = snprintf(spelt, sizeof(spelt), "spiffe://%s/%s%s%s", domain, identity->role,
                       identity->unit[0] == '\0' ? "" : "/", identity->unit);
    CHECK(len > 0 && (size_t)len < sizeof(spelt));
    CHECK(span_equal(uri, span_of(spelt, (size_t)len)));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    if (len < CHOICES) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    return CHOICES + mutate_text(words, sizeof(words) / sizeof(words[0]), data + CHOICES,
                                 len - CHOICES, len_max - CHOICES, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    const char *domain = domains[fuzz_byte(&input) % (sizeof(domains) / sizeof(domains[0]))];
    struct span uri = input.rest;
    struct identity identity;
    memset(&identity, 0xff, sizeof(identity));
    struct identity untouched = identity;
    fuzz_memory_begin(0);
    enum status status = identity_parse(uri, domain, &identity);
    CHECK(status == STATUS_OK || status == STATUS_INVALID);
    CHECK((status == STATUS_OK) == is_identity(uri, domain));
    if (status == STATUS_OK) {
        check_spelling(uri, domain, &identity);
    } else {
        CHECK(memcmp(&identity, &untouched, sizeof(identity)) == 0);
    }
    fuzz_memory_end();
    return 0;
}
