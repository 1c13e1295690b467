// Names of enum values as words: "ACT_REASON_GOODWILL" is "goodwill".
#include "ctl/acts.h"

#include <string.h>

static char lower(char c)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char words[] = "abcdefghijklmnopqrstuvwxyz ";
    const char *at = strchr(upper, c);
    if (at == NULL || c == '\0') {
        return c;
    }
    return words[at - upper];
}

static const char *word_of(const ProtobufCEnumDescriptor *type, int value, const char *prefix,
                           char out[ACTS_WORD_BYTES])
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(type, value);
    size_t len = 0;
    if (value != 0 && named != NULL) {
        for (const char *at = named->name + strlen(prefix); *at != '\0'; at++) {
            if (len + 1 < ACTS_WORD_BYTES) {
                out[len++] = lower(*at);
            }
        }
    }
    out[len] = '\0';
    return out;
}

Loyalty__V1__ActReason acts_reason(const char *word)
{
    const ProtobufCEnumDescriptor *type = &loyalty__v1__act_reason__descriptor;
    char text[ACTS_WORD_BYTES];
    for (unsigned i = 0; i < type->n_values; i++) {
        Loyalty__V1__ActReason reason = (Loyalty__V1__ActReason)type->values[i].value;
        if (*word != '\0' && strcmp(acts_reason_word(reason, text), word) == 0) {
            return reason;
        }
    }
    return LOYALTY__V1__ACT_REASON__ACT_REASON_UNSPECIFIED;
}

const char *acts_reason_word(Loyalty__V1__ActReason reason, char out[ACTS_WORD_BYTES])
{
    return word_of(&loyalty__v1__act_reason__descriptor, (int)reason, "ACT_REASON_", out);
}

const char *acts_act_word(Loyalty__V1__AuditAct act, char out[ACTS_WORD_BYTES])
{
    return word_of(&loyalty__v1__audit_act__descriptor, (int)act, "AUDIT_ACT_", out);
}
