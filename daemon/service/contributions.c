// ContributionsService: score that partners report. A contribution is kept under a keyed hash of
// partner and id, so no policy's number stands in a log; the partner is the first element of the
// certificate's unit, whatever desk of it asks.
#include "wire/contributions.h"
#include "base/check.h"
#include "service/handlers.h"
#include "service/identifiers.h"
#include "service/operation.h"

// --- the key ---

enum { KEYED_HASH_BYTES = 32 };

// What is hashed begins like a card's number, but no number begins so: no identifier has this hash.
static const uint8_t KEY_MARKS[] = {0x01, 0xC0};

static struct span partner_of(const struct request *request)
{
    struct span unit = request->commands.unit;
    size_t len = 0;
    while (len < unit.len && unit.data[len] != '/') {
        len++;
    }
    return span_of(unit.data, len);
}

static size_t put(uint8_t *bytes, size_t at, struct span part)
{
    if (part.len > 0) {
        memcpy(bytes + at, part.data, part.len);
    }
    return at + part.len;
}

// Of the marks, partner, NUL and id; NUL is in neither.
static void make_key(const struct request *request, struct span id, uint8_t *ret_key)
{
    const struct service_options *options = &request->service->options;
    struct span partner = partner_of(request);
    uint8_t bytes[sizeof(KEY_MARKS) + LIMIT_UNIT_BYTES + 1 + LIMIT_IDENTIFIER_BYTES];
    uint8_t hash[KEYED_HASH_BYTES];
    CHECK(partner.len <= LIMIT_UNIT_BYTES && id.len <= LIMIT_IDENTIFIER_BYTES);
    size_t len = put(bytes, 0, span_of(KEY_MARKS, sizeof(KEY_MARKS)));
    len = put(bytes, len, partner);
    bytes[len++] = '\0';
    len = put(bytes, len, id);
    options->identifier_hash(options->identifier_context, span_of(bytes, len), hash);
    memcpy(ret_key, hash, IDENTIFIER_KEY_BYTES);
}

// A partner is not told how far a log has come, so what it says of that is not asked about either.
static void begin(struct request *request, const struct operation *operation)
{
    if (!identifiers_usable(request->service)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NO_IDENTIFIER_KEY",
                     "contribution_id",
                     "This service has no key to keep contributions under; give it one.");
        request_end(request);
        return;
    }
    if (request->role == ROLE_PARTNER) {
        request->header.min_seq = 0;
    }
    operation_begin(request, operation);
}

// --- Report ---

static enum status read_report(struct commands *commands, const ProtobufCMessage *message,
                               void *ret_command)
{
    return commands_contribution(commands, (const Loyalty__V1__ReportContributionRequest *)message,
                                 ret_command);
}

static void complete_report(const struct request *request, void *command)
{
    struct contribution_request *report = command;
    make_key(request, report->id, report->command.key);
}

static enum status decide_report(const struct decide *decide, const void *command,
                                 struct decision *ret_decision)
{
    const struct contribution_request *report = command;
    return decide_contribution(decide, &report->command, ret_decision);
}

void contributions_report(struct request *request)
{
    static const struct operation report = {
        .command_bytes = sizeof(struct contribution_request),
        .read = read_report,
        .complete = complete_report,
        .decide = decide_report,
    };
    begin(request, &report);
}

// --- Reduce ---

static enum status read_reduce(struct commands *commands, const ProtobufCMessage *message,
                               void *ret_command)
{
    return commands_reduction(commands, (const Loyalty__V1__ReduceContributionRequest *)message,
                              ret_command);
}

static void complete_reduce(const struct request *request, void *command)
{
    struct reduction_request *reduce = command;
    make_key(request, reduce->id, reduce->command.key);
}

static enum status decide_reduce(const struct decide *decide, const void *command,
                                 struct decision *ret_decision)
{
    const struct reduction_request *reduce = command;
    return decide_reduction(decide, &reduce->command, ret_decision);
}

void contributions_reduce(struct request *request)
{
    static const struct operation reduce = {
        .command_bytes = sizeof(struct reduction_request),
        .read = read_reduce,
        .complete = complete_reduce,
        .decide = decide_reduce,
    };
    begin(request, &reduce);
}

// --- End ---

static enum status read_end(struct commands *commands, const ProtobufCMessage *message,
                            void *ret_command)
{
    return commands_contribution_end(commands, (const Loyalty__V1__EndContributionRequest *)message,
                                     ret_command);
}

static void complete_end(const struct request *request, void *command)
{
    struct contribution_end_request *end = command;
    make_key(request, end->id, end->command.key);
}

static enum status decide_end(const struct decide *decide, const void *command,
                              struct decision *ret_decision)
{
    const struct contribution_end_request *end = command;
    return decide_contribution_end(decide, &end->command, ret_decision);
}

void contributions_end(struct request *request)
{
    static const struct operation end = {
        .command_bytes = sizeof(struct contribution_end_request),
        .read = read_end,
        .complete = complete_end,
        .decide = decide_end,
    };
    begin(request, &end);
}
