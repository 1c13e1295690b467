// Messages to commands, field by field in the order of the .proto, so that of several faults the
// first is reported. What spends points is in commands_spend.c, what takes back in
// commands_reverse.c, what an opening balance carries in commands_opening.c, the digest of a
// request in commands_digest.c.
#include "wire/commands.h"

#include <inttypes.h>

#include "wire/profile.h"
#include "wire/shapes.h"
#include "wire/text.h"
#include "wire/uuid.h"

enum { PAGE_SIZE_DEFAULT = 50, PAGE_TOKEN_DIGITS = 16 };

enum status commands_request_id(struct commands *commands, const char *text, const char *field,
                                uint8_t *ret_id)
{
    struct path path = shapes_step(NULL, field);
    return shapes_uuid(commands, text, &path, ret_id);
}

enum status commands_instant(struct commands *commands, const Google__Protobuf__Timestamp *instant,
                             const char *field, int64_t *ret_instant_ms)
{
    struct path path = shapes_step(NULL, field);
    return shapes_instant(commands, instant, &path, ret_instant_ms);
}

enum status commands_text(struct commands *commands, const char *text, const char *field,
                          size_t bytes_max, struct span *ret_text)
{
    struct path path = shapes_step(NULL, field);
    return shapes_text(commands, text, &path, bytes_max, ret_text);
}

enum status commands_mutation(struct commands *commands, const Loyalty__V1__Mutation *mutation,
                              struct request_header *ret_header)
{
    struct path path = shapes_step(NULL, "mutation");
    if (mutation == NULL) {
        return shapes_fail(commands, FAULT_MISSING, &path,
                           "The request has no mutation; it needs a request_id and created_at.");
    }
    struct request_header header = {.min_seq = mutation->min_seq};
    struct path id_path = shapes_step(&path, "request_id");
    TRY(shapes_uuid(commands, mutation->request_id, &id_path, header.id));
    struct path created_path = shapes_step(&path, "created_at");
    TRY(shapes_instant(commands, mutation->created_at, &created_path, &header.created_ms));
    if (mutation->deadline != NULL) {
        struct path deadline_path = shapes_step(&path, "deadline");
        TRY(shapes_instant(commands, mutation->deadline, &deadline_path, &header.deadline_ms));
        header.has_deadline = true;
    }
    *ret_header = header;
    return STATUS_OK;
}

enum status commands_member(struct commands *commands, const Loyalty__V1__MemberRef *member,
                            struct member_ref *ret_member)
{
    return commands_person(commands, member, "member", ret_member);
}

enum status commands_person(struct commands *commands, const Loyalty__V1__MemberRef *member,
                            const char *field, struct member_ref *ret_member)
{
    struct path path = shapes_step(NULL, field);
    struct member_ref ref = {0};
    if (member != NULL && member->by_case == LOYALTY__V1__MEMBER_REF__BY_MEMBER_ID) {
        struct path id_path = shapes_step(&path, "member_id");
        TRY(shapes_member_id(commands, member->member_id, &id_path, &ref.member_id));
    } else if (member != NULL && member->by_case == LOYALTY__V1__MEMBER_REF__BY_IDENTIFIER) {
        struct path identifier_path = shapes_step(&path, "identifier");
        ref.by_identifier = true;
        TRY(shapes_identifier(commands, member->identifier, &identifier_path, &ref.identifier));
    } else {
        return shapes_fail(commands, FAULT_MISSING, &path,
                           "It is not said which member is meant; give a member_id or an "
                           "identifier.");
    }
    *ret_member = ref;
    return STATUS_OK;
}

static enum status read_occurred(struct commands *commands, const Loyalty__V1__Sale *message,
                                 const struct path *path, struct sale *sale)
{
    if (message->occurred_case == LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT) {
        struct path at_path = shapes_step(path, "occurred_at");
        sale->has_occurred = true;
        return shapes_instant(commands, message->occurred_at, &at_path, &sale->occurred_ms);
    }
    if (message->occurred_case == LOYALTY__V1__SALE__OCCURRED_OCCURRED_DATE) {
        struct path date_path = shapes_step(path, "occurred_date");
        sale->has_date = true;
        return shapes_date(commands, message->occurred_date, &date_path, &sale->date);
    }
    return STATUS_OK;
}

static enum status read_line(struct commands *commands, const Loyalty__V1__SaleLine *message,
                             const struct path *path, struct sale_line *ret_line)
{
    struct path amount_path = shapes_step(path, "amount_minor");
    struct path category_path = shapes_step(path, "category");
    TRY(shapes_amount(commands, message->amount_minor, &amount_path));
    ret_line->amount_minor = message->amount_minor;
    return shapes_text(commands, message->category, &category_path, LIMIT_NAME_BYTES,
                       &ret_line->category);
}

static enum status read_lines(struct commands *commands, const Loyalty__V1__Sale *message,
                              const struct path *sale_path, struct sale *sale,
                              int64_t *ret_total_minor)
{
    struct path path = shapes_step(sale_path, "lines");
    if (message->n_lines > LIMIT_SALE_LINES) {
        return shapes_fail(commands, FAULT_TOO_MANY_LINES, &path,
                           arena_printf(commands->arena,
                                        "The sale has %zu lines, but may have at most %d; sum up "
                                        "lines of one category.",
                                        message->n_lines, LIMIT_SALE_LINES));
    }
    sale->lines = arena_alloc_array(commands->arena, message->n_lines, sizeof(*sale->lines));
    if (sale->lines == NULL) {
        return STATUS_NO_MEMORY;
    }
    sale->line_count = message->n_lines;
    int64_t total_minor = 0;
    for (size_t i = 0; i < sale->line_count; i++) {
        struct path line_path = path_element(&path, i);
        TRY(read_line(commands, message->lines[i], &line_path, &sale->lines[i]));
        total_minor += sale->lines[i].amount_minor;
    }
    TRY(shapes_amount(commands, total_minor, &path));
    *ret_total_minor = total_minor;
    return STATUS_OK;
}

static enum status read_paid_with_points(struct commands *commands, int64_t paid_minor,
                                         const struct path *sale_path, int64_t total_minor)
{
    struct path path = shapes_step(sale_path, "paid_with_points_minor");
    TRY(shapes_amount(commands, paid_minor, &path));
    if (paid_minor > total_minor) {
        return shapes_fail(commands, FAULT_PAID_OVER_TOTAL, &path,
                           arena_printf(commands->arena,
                                        "%" PRId64 " was paid with points, but the sale's lines "
                                        "sum up to %" PRId64 "; it must be at most that.",
                                        paid_minor, total_minor));
    }
    return STATUS_OK;
}

// The reversal that an exchange began with, and what a sale claimed afterwards cannot do without.
static enum status read_links(struct commands *commands, const Loyalty__V1__Sale *message,
                              const struct path *sale_path, struct sale *sale)
{
    struct path exchange_path = shapes_step(sale_path, "exchange_of");
    sale->exchanged = *message->exchange_of != '\0';
    if (sale->exchanged) {
        TRY(shapes_uuid(commands, message->exchange_of, &exchange_path, sale->exchange_of));
    }
    sale->attached = message->attached != 0;
    struct path receipt_path = shapes_step(sale_path, "receipt");
    struct path occurred_path = shapes_step(sale_path, "occurred");
    if (sale->attached && sale->receipt.number == 0) {
        return shapes_fail(commands, FAULT_MISSING, &receipt_path,
                           "A sale is claimed afterwards with its receipt; give the receipt's "
                           "number and date.");
    }
    if (sale->attached && !sale->has_date && !sale->has_occurred) {
        return shapes_fail(commands, FAULT_MISSING, &occurred_path,
                           "It is not said when the sale that is claimed occurred; give the time "
                           "or the date on its receipt.");
    }
    return STATUS_OK;
}

enum status commands_sale(struct commands *commands, const Loyalty__V1__Sale *sale,
                          struct award_command *ret_command)
{
    struct path path = shapes_step(NULL, "sale");
    if (sale == NULL) {
        return shapes_fail(commands, FAULT_MISSING, &path,
                           "The sale is missing; give its currency and lines.");
    }
    struct path currency_path = shapes_step(&path, "currency");
    struct path receipt_path = shapes_step(&path, "receipt");
    struct path unit_path = shapes_step(&path, "unit");
    struct path channel_path = shapes_step(&path, "channel");
    struct award_command command = {.sale.training = sale->training != 0};
    int64_t total_minor = 0;
    TRY(read_occurred(commands, sale, &path, &command.sale));
    TRY(shapes_currency(commands, sale->currency, &currency_path, &command.currency));
    TRY(read_lines(commands, sale, &path, &command.sale, &total_minor));
    TRY(read_paid_with_points(commands, sale->paid_with_points_minor, &path, total_minor));
    command.sale.paid_with_points_minor = sale->paid_with_points_minor;
    TRY(shapes_receipt(commands, sale->receipt, &receipt_path, &command.sale.receipt));
    TRY(shapes_unit(commands, sale->unit, &unit_path, &command.sale.unit));
    TRY(shapes_text(commands, sale->channel, &channel_path, LIMIT_NAME_BYTES,
                    &command.sale.channel));
    TRY(read_links(commands, sale, &path, &command.sale));
    *ret_command = command;
    return STATUS_OK;
}

static enum status read_identifiers(struct commands *commands,
                                    Loyalty__V1__Identifier *const *identifiers, size_t count,
                                    struct enroll_request *request)
{
    struct path path = shapes_step(NULL, "identifiers");
    if (count > LIMIT_IDENTIFIERS) {
        return shapes_fail(commands, FAULT_TOO_MANY_IDENTIFIERS, &path,
                           arena_printf(commands->arena,
                                        "%zu identifiers are given, but a member may have at most "
                                        "%d.",
                                        count, LIMIT_IDENTIFIERS));
    }
    for (size_t i = 0; i < count; i++) {
        struct path item_path = path_element(&path, i);
        struct identifier_value *item = &request->identifiers[i];
        TRY(shapes_identifier(commands, identifiers[i], &item_path, item));
        for (size_t j = 0; j < i; j++) {
            const struct identifier_value *earlier = &request->identifiers[j];
            if (earlier->kind == item->kind && span_equal(earlier->value, item->value)) {
                return shapes_fail(commands, FAULT_DUPLICATE_IDENTIFIER, &item_path,
                                   "This identifier is given twice; give each one once.");
            }
        }
    }
    request->identifier_count = count;
    return STATUS_OK;
}

enum status commands_new_account(struct commands *commands, const struct new_account *account,
                                 const struct request_header *header,
                                 struct enroll_request *ret_request)
{
    struct enroll_request enroll = {0};
    struct span given = span_of_text(account->id);
    if (given.len == 0) {
        char text[UUID_TEXT_BYTES + 1];
        uuid_format(header->id, text);
        TRY(arena_copy(commands->arena, span_of_text(text), &enroll.member_id));
    } else {
        struct path id_path = shapes_step(NULL, account->id_field);
        TRY(shapes_member_id(commands, account->id, &id_path, &enroll.member_id));
    }
    TRY(read_identifiers(commands, account->identifiers, account->identifier_count, &enroll));
    *ret_request = enroll;
    return STATUS_OK;
}

enum status commands_enroll(struct commands *commands, const Loyalty__V1__EnrollRequest *request,
                            const struct request_header *header, struct enroll_request *ret_request)
{
    struct enroll_request enroll = {0};
    struct new_account account = {.id = request->member_id,
                                  .id_field = "member_id",
                                  .identifiers = request->identifiers,
                                  .identifier_count = request->n_identifiers};
    TRY(commands_new_account(commands, &account, header, &enroll));
    if (request->enrolled_at != NULL) {
        struct path at_path = shapes_step(NULL, "enrolled_at");
        TRY(shapes_instant(commands, request->enrolled_at, &at_path, &enroll.enrolled_ms));
        enroll.has_enrolled_at = true;
    }
    if (request->profile != NULL) {
        TRY(commands_profile(commands, request->profile));
        enroll.profile = request->profile;
    }
    *ret_request = enroll;
    return STATUS_OK;
}

// "p" and the number in lower-case hexadecimal without leading zeros.
static bool parse_page_token(struct span token, uint64_t *ret_seq)
{
    if (token.len < 2 || token.len > 1 + PAGE_TOKEN_DIGITS || token.data[0] != 'p' ||
        token.data[1] == '0') {
        return false;
    }
    uint64_t seq = 0;
    for (size_t i = 1; i < token.len; i++) {
        uint8_t c = token.data[i];
        bool is_letter = c >= 'a' && c <= 'f';
        if (!is_letter && (c < '0' || c > '9')) {
            return false;
        }
        seq = seq << 4 | (uint64_t)(is_letter ? c - 'a' + 10 : c - '0');
    }
    *ret_seq = seq;
    return true;
}

char *commands_page_token(struct arena *arena, uint64_t seq)
{
    return arena_printf(arena, "p%" PRIx64, seq);
}

enum status commands_page(struct commands *commands, uint32_t page_size, const char *page_token,
                          struct page *ret_page)
{
    struct page page = {.size = page_size == 0 ? PAGE_SIZE_DEFAULT : page_size,
                        .before_seq = UINT64_MAX};
    if (page_size > LIMIT_PAGE_SIZE) {
        struct path size_path = shapes_step(NULL, "page_size");
        return shapes_fail(commands, FAULT_BAD_PAGE_SIZE, &size_path,
                           arena_printf(commands->arena,
                                        "A page of %" PRIu32 " is too long; ask for 1 to %d.",
                                        page_size, LIMIT_PAGE_SIZE));
    }
    struct span token = span_of_text(page_token);
    if (token.len > 0 && !parse_page_token(token, &page.before_seq)) {
        struct path token_path = shapes_step(NULL, "page_token");
        return shapes_fail(commands, FAULT_BAD_PAGE_TOKEN, &token_path,
                           "This page token is none of ours; send the next_page_token of the last "
                           "answer, or nothing for the first page.");
    }
    *ret_page = page;
    return STATUS_OK;
}
