// Parsing of a SPIFFE id, by hand and by length: no URI library, no normalisation, no escapes. What
// is not spelled exactly as the grammar below is refused.
//     "spiffe://" domain "/" role *( "/" segment )
//     role = 1*16 a-z; segment = 1* ( A-Z a-z 0-9 . _ - ), but not "." or ".."
#include "net/identity.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

static bool take_prefix(struct span *rest, struct span prefix)
{
    if (rest->len < prefix.len || !span_equal(span_of(rest->data, prefix.len), prefix)) {
        return false;
    }
    *rest = span_from(*rest, prefix.len);
    return true;
}

static bool is_segment_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

static bool is_segment(struct span segment)
{
    if (segment.len == 0 || span_is_text(segment, ".") || span_is_text(segment, "..")) {
        return false;
    }
    for (size_t i = 0; i < segment.len; i++) {
        if (!is_segment_byte(segment.data[i])) {
            return false;
        }
    }
    return true;
}

static bool is_role(struct span role)
{
    if (role.len == 0 || role.len > IDENTITY_ROLE_BYTES) {
        return false;
    }
    for (size_t i = 0; i < role.len; i++) {
        if (role.data[i] < 'a' || role.data[i] > 'z') {
            return false;
        }
    }
    return true;
}

static size_t segment_length(struct span rest)
{
    const uint8_t *slash = rest.len == 0 ? NULL : memchr(rest.data, '/', rest.len);
    return slash == NULL ? rest.len : (size_t)(slash - rest.data);
}

// One or more segments with one slash between two.
static bool is_unit(struct span unit)
{
    if (unit.len > LIMIT_UNIT_BYTES) {
        return false;
    }
    while (true) {
        size_t len = segment_length(unit);
        if (!is_segment(span_of(unit.data, len))) {
            return false;
        }
        if (len == unit.len) {
            return true;
        }
        unit = span_from(unit, len + 1);
    }
}

bool identity_domain_valid(const char *trust_domain)
{
    struct span domain = span_of_text(trust_domain);
    return domain.len <= IDENTITY_DOMAIN_BYTES && is_segment(domain);
}

enum status identity_parse(struct span uri, const char *trust_domain, struct identity *ret_identity)
{
    CHECK(identity_domain_valid(trust_domain));
    struct span rest = uri;
    if (!take_prefix(&rest, span_of_text("spiffe://")) ||
        !take_prefix(&rest, span_of_text(trust_domain)) || !take_prefix(&rest, span_of_text("/"))) {
        return STATUS_INVALID;
    }
    struct span role = span_of(rest.data, segment_length(rest));
    if (!is_role(role)) {
        return STATUS_INVALID;
    }
    struct span unit = span_from(rest, role.len);
    if (take_prefix(&unit, span_of_text("/")) && !is_unit(unit)) {
        return STATUS_INVALID;
    }
    *ret_identity = (struct identity){0};
    memcpy(ret_identity->role, role.data, role.len);
    memcpy(ret_identity->unit, unit.data, unit.len);
    return STATUS_OK;
}
