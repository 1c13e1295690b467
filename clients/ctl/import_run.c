// A member's step is 0 for the enrolment, then 1 + index of the sale.
#include "ctl/import_run.h"

#include <stdio.h>
#include <string.h>

#include "ctl/zone.h"
#include "lib/encode.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/members.pb-c.h"

enum { REFUSALS_SHOWN = 20 };

struct sales {
    const struct sales_file *file;
    const struct import_options *options;
    struct import_totals totals;
    int32_t start_day; // the last day asked for, and when it begins
    int64_t start_ms;
};

static const struct sale_row *row_of(const struct sales *sales, size_t member, size_t step)
{
    return &sales->file->rows[sales->file->members[member].first + step - 1];
}

static char *member_id_of(const struct sales *sales, size_t member, struct arena *arena)
{
    struct span customer = sales->file->members[member].customer;
    return arena_printf(arena, "%s%.*s", sales->options->prefix, (int)customer.len,
                        (const char *)customer.data);
}

static int64_t day_start(struct sales *sales, int32_t day)
{
    if (sales->start_ms == 0 || sales->start_day != day) {
        sales->start_day = day;
        sales->start_ms = zone_day_start_ms(day);
    }
    return sales->start_ms;
}

static size_t steps_of(void *context, size_t member)
{
    const struct sales *sales = context;
    return 1 + sales->file->members[member].count;
}

static const ProtobufCMessage *write_enrolment(struct sales *sales, size_t member,
                                               struct arena *arena, char *member_id,
                                               struct loyalty_request *request)
{
    sales_file_member_id(sales->file, span_of_text(member_id), request->request_id);
    Loyalty__V1__EnrollRequest *message = arena_alloc(arena, sizeof(*message));
    if (message == NULL) {
        return NULL;
    }
    loyalty__v1__enroll_request__init(message);
    int32_t first_day = row_of(sales, member, 1)->day;
    message->mutation = ly_encode_mutation(arena, request);
    message->enrolled_at = ly_encode_instant(arena, day_start(sales, first_day));
    message->member_id = member_id;
    return message->mutation == NULL || message->enrolled_at == NULL ? NULL : &message->base;
}

static const ProtobufCMessage *write_sale(struct sales *sales, const struct sale_row *row,
                                          struct arena *arena, const char *member_id,
                                          struct loyalty_request *request)
{
    sales_file_row_id(sales->file, row->number, request->request_id);
    struct civil_date day = civil_from_days(row->day);
    char *date =
        arena_printf(arena, "%04d-%02d-%02d", day.year % 10000, day.month % 100, day.day % 100);
    struct loyalty_sale_line line = {.amount_minor = row->amount_minor};
    struct loyalty_sale sale = {
        .occurred_date = date,
        .currency = sales->options->currency,
        .lines = &line,
        .line_count = 1,
    };
    struct loyalty_member member = {.by = LOYALTY_BY_MEMBER_ID, .value = member_id};
    Loyalty__V1__BackfillRequest *message = arena_alloc(arena, sizeof(*message));
    if (message == NULL || date == NULL) {
        return NULL;
    }
    loyalty__v1__backfill_request__init(message);
    message->mutation = ly_encode_mutation(arena, request);
    message->member = ly_encode_member(arena, &member);
    message->sale = ly_encode_sale(arena, &sale);
    return message->mutation == NULL || message->member == NULL || message->sale == NULL
               ? NULL
               : &message->base;
}

static const ProtobufCMessage *write_step(void *context, size_t member, size_t step,
                                          struct arena *arena, struct loyalty_request *request,
                                          const char **ret_method)
{
    struct sales *sales = context;
    char *member_id = member_id_of(sales, member, arena);
    *ret_method =
        step == 0 ? "/loyalty.v1.MembersService/Enroll" : "/loyalty.v1.AdminService/Backfill";
    if (member_id == NULL) {
        return NULL;
    }
    return step == 0 ? write_enrolment(sales, member, arena, member_id, request)
                     : write_sale(sales, row_of(sales, member, step), arena, member_id, request);
}

static bool take(void *context, size_t member, size_t step, const struct loyalty_reply *reply)
{
    struct import_totals *totals = &((struct sales *)context)->totals;
    (void)member;
    if (step == 0) {
        totals->members++;
        return true;
    }
    Loyalty__V1__BackfillResponse *response =
        loyalty__v1__backfill_response__unpack(NULL, reply->payload_bytes, reply->payload);
    bool read = response != NULL && response->award != NULL;
    if (read) {
        totals->sales++;
        totals->points += response->award->points;
        totals->score += response->award->score;
    }
    loyalty__v1__backfill_response__free_unpacked(response, NULL);
    return read;
}

static void tell_refusal(struct sales *sales, size_t member, size_t step,
                         const struct loyalty_reply *reply)
{
    if (sales->totals.refused++ >= REFUSALS_SHOWN) {
        return;
    }
    struct span customer = sales->file->members[member].customer;
    const char *name = (const char *)customer.data;
    if (step == 0) {
        (void)fprintf(stderr, "refused: enrolling %s%.*s", sales->options->prefix,
                      (int)customer.len, name);
    } else {
        (void)fprintf(stderr, "refused: row %llu, a sale of %s%.*s",
                      (unsigned long long)row_of(sales, member, step)->number,
                      sales->options->prefix, (int)customer.len, name);
    }
    (void)fprintf(stderr, ": %s (%s)\n", reply->message, reply->reason);
}

static bool refuse(void *context, size_t member, size_t step, const struct loyalty_reply *reply)
{
    struct sales *sales = context;
    if (step == 0 && strcmp(reply->reason, "ALREADY_ENROLLED") == 0) {
        sales->totals.members++;
        sales->totals.members_there++;
        return true;
    }
    tell_refusal(sales, member, step, reply);
    if (step == 0) {
        // Without a member there is nothing to post his sales to.
        sales->totals.left_out += sales->file->members[member].count;
    }
    return step > 0;
}

int import_run(struct session *session, const struct sales_file *file,
               const struct import_options *options, struct import_totals *ret_totals)
{
    struct sales sales = {.file = file, .options = options};
    struct import_work work = {
        .context = &sales,
        .members = file->member_count,
        .requests = file->row_count + file->member_count,
        .steps = steps_of,
        .write = write_step,
        .take = take,
        .refuse = refuse,
    };
    bool finished = import_lanes_run(session, &work, &options->pace, &sales.totals.course);
    *ret_totals = sales.totals;
    if (!finished) {
        return CTL_RETRY_LATER;
    }
    return sales.totals.refused > 0 ? CTL_REFUSED : CTL_OK;
}
