// Names of members in log lines.
#include "service/log_member.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "service/service.h"

enum { HASH_BYTES = 32, TAG_BYTES = 4 };

void log_member(const struct service *service, struct span id, char ret_text[LOG_MEMBER_BYTES])
{
    const struct service_options *options = &service->options;
    uint8_t bytes[TAG_BYTES + LIMIT_MEMBER_ID_BYTES] = {'l', 'o', 'g', ':'};
    uint8_t hash[HASH_BYTES];
    size_t len = id.len < LIMIT_MEMBER_ID_BYTES ? id.len : (size_t)LIMIT_MEMBER_ID_BYTES;
    uint64_t name = 0;
    ret_text[0] = '\0';
    if (len == 0) {
        return;
    }
    memcpy(bytes + TAG_BYTES, id.data, len);
    if (options->identifier_hash != NULL) {
        options->identifier_hash(options->identifier_context, span_of(bytes, TAG_BYTES + len),
                                 hash);
        memcpy(&name, hash, sizeof name);
    } else {
        name = (hash_fnv1a(id) ^ options->seed) * UINT64_C(0x9e3779b97f4a7c15);
    }
    (void)snprintf(ret_text, LOG_MEMBER_BYTES, "%016" PRIx64, name);
}
