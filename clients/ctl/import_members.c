// `import members FILE`. A member's step is 0 for the enrolment, 1 for the opening balance.
#include <inttypes.h>
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/import_begin.h"
#include "ctl/members_check.h"
#include "ctl/print.h"
#include "ctl/zone.h"
#include "lib/encode.h"

enum { REFUSALS_SHOWN = 20 };

struct members_import {
    struct globals globals;
    const char *path;
    struct import_pace pace;
    struct members_file file;
    bool *opens; // by member: has something to bring over
    struct import_course course;
    uint64_t members;  // enrolled now or before
    uint64_t openings; // brought over now or before
    uint64_t without;  // members that an identifier was not given to, as another took it just now
    uint64_t refused;
};

static size_t steps_of(void *context, size_t member)
{
    const struct members_import *import = context;
    return import->opens[member] ? 2 : 1;
}

static const ProtobufCMessage *write_enrolment(struct members_row *row, struct arena *arena,
                                               struct loyalty_request *request)
{
    members_request_id("enroll", span_of_text(row->enroll.member_id), request->request_id);
    row->enroll.mutation = ly_encode_mutation(arena, request);
    if (row->has_enrolled) {
        row->enroll.enrolled_at = ly_encode_instant(arena, zone_day_start_ms(row->enrolled_day));
    }
    bool good =
        row->enroll.mutation != NULL && (!row->has_enrolled || row->enroll.enrolled_at != NULL);
    return good ? &row->enroll.base : NULL;
}

static const ProtobufCMessage *write_opening(struct members_row *row, struct arena *arena,
                                             struct loyalty_request *request)
{
    struct loyalty_member member = {.by = LOYALTY_BY_MEMBER_ID, .value = row->enroll.member_id};
    members_request_id("opening", span_of_text(row->enroll.member_id), request->request_id);
    row->opening.mutation = ly_encode_mutation(arena, request);
    row->opening.member = ly_encode_member(arena, &member);
    return row->opening.mutation == NULL || row->opening.member == NULL ? NULL : &row->opening.base;
}

static const ProtobufCMessage *write_step(void *context, size_t member, size_t step,
                                          struct arena *arena, struct loyalty_request *request,
                                          const char **ret_method)
{
    const struct members_import *import = context;
    struct members_fault fault;
    struct members_row *row = arena_alloc(arena, sizeof(*row));
    if (row == NULL || !members_row_read(&import->file, member, arena, row, &fault)) {
        return NULL;
    }
    *ret_method =
        step == 0 ? "/loyalty.v1.MembersService/Enroll" : "/loyalty.v1.AdminService/OpeningBalance";
    return step == 0 ? write_enrolment(row, arena, request) : write_opening(row, arena, request);
}

static bool take(void *context, size_t member, size_t step, const struct loyalty_reply *reply)
{
    struct members_import *import = context;
    (void)member;
    if (step > 0) {
        import->openings++;
        return true;
    }
    Loyalty__V1__EnrollResponse *response =
        loyalty__v1__enroll_response__unpack(NULL, reply->payload_bytes, reply->payload);
    if (response == NULL) {
        return false;
    }
    import->members++;
    import->without += response->n_unbound > 0 ? 1 : 0;
    loyalty__v1__enroll_response__free_unpacked(response, NULL);
    return true;
}

// Who was enrolled by something else may have been given his points by it, too: nothing is brought
// over.
static bool refuse(void *context, size_t member, size_t step, const struct loyalty_reply *reply)
{
    struct members_import *import = context;
    if (import->refused++ < REFUSALS_SHOWN) {
        (void)fprintf(stderr, "%s:%" PRIu64 ": refused: %s: %s (%s)\n", import->path,
                      import->file.lines[member].number,
                      step == 0 ? "enrolment" : "opening balance", reply->message, reply->reason);
    }
    return step > 0;
}

// --- the command ---

static error_t take_line(int key, char *arg, struct argp_state *state)
{
    struct members_import *import = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &import->globals;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_usage(state);
        }
        import->path = arg;
        return 0;
    case ARGP_KEY_END:
        if (import->path == NULL) {
            argp_error(state, "which file?");
        }
        return 0;
    default:
        return import_begin_take(key, arg, state, &import->pace);
    }
}

static void print_totals(const struct members_import *import)
{
    if (import->globals.json) {
        (void)printf("{\n  \"members\": %" PRIu64 ",\n  \"openings\": %" PRIu64
                     ",\n  \"replayed\": %" PRIu64 ",\n  \"without_identifier\": %" PRIu64
                     ",\n  \"refused\": %" PRIu64 ",\n  \"retries\": %" PRIu64
                     ",\n  \"milliseconds\": %" PRId64 "\n}\n",
                     import->members, import->openings, import->course.replayed, import->without,
                     import->refused, import->course.retries, import->course.passed_ms);
        return;
    }
    char members[PRINT_TEXT_BYTES];
    char openings[PRINT_TEXT_BYTES];
    (void)printf("%s members, %s opening balances, %" PRIu64 " replayed, %" PRIu64 " refused\n",
                 print_number((int64_t)import->members, members),
                 print_number((int64_t)import->openings, openings), import->course.replayed,
                 import->refused);
    if (import->without > 0) {
        (void)printf("%" PRIu64 " members are without an identifier that another took just now\n",
                     import->without);
    }
}

// Which members have something to bring over, and how many requests there are in all.
static uint64_t count_requests(struct members_import *import, struct session *session)
{
    struct arena arena;
    uint64_t requests = 0;
    import->opens = session_alloc(session, import->file.count * sizeof(*import->opens));
    arena_init(&arena, SESSION_ARENA_BYTES);
    for (size_t i = 0; i < import->file.count; i++) {
        struct members_row row;
        struct members_fault fault;
        arena_reset(&arena);
        import->opens[i] =
            members_row_read(&import->file, i, &arena, &row, &fault) && row.has_opening;
        requests += import->opens[i] ? 2 : 1;
    }
    arena_fini(&arena);
    return requests;
}

static int post(struct members_import *import, struct session *session)
{
    struct import_work work = {
        .context = import,
        .members = import->file.count,
        .requests = count_requests(import, session),
        .steps = steps_of,
        .write = write_step,
        .take = take,
        .refuse = refuse,
    };
    bool finished = import_lanes_run(session, &work, &import->pace, &import->course);
    print_totals(import);
    if (!finished) {
        return CTL_RETRY_LATER;
    }
    return import->refused > 0 ? CTL_REFUSED : CTL_OK;
}

static int run(struct members_import *import)
{
    struct session session;
    const Loyalty__V1__GetProgramResponse *current = NULL;
    int code = import_begin(&session, &import->globals, &import->pace, &current);
    if (code == CTL_OK) {
        int32_t today = zone_day_of_ms(loyalty_now_ms(session.client));
        uint64_t mistakes = members_check(&import->file, import->path, current, today);
        if (mistakes > 0) {
            (void)fprintf(stderr, "loyaltyctl: %" PRIu64 " mistakes; nothing was written\n",
                          mistakes);
            code = CTL_REFUSED;
        }
    }
    if (code == CTL_OK) {
        code = post(import, &session);
    }
    session_close(&session);
    return code;
}

int import_members(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {IMPORT_BEGIN_OPTIONS, {0}};
    static const struct argp parser = {
        .options = options,
        .parser = take_line,
        .args_doc = "FILE",
        .doc = "Enrols the members of a CSV file and brings over what they have. The first line "
               "names the columns: member_id and any of card_number, barcode, phone, app_id, "
               "birthday, language, enrolled, points (POINTS[:DATE] ...), score "
               "(SCORE[:FROM][:UNTIL] ...), card (TIER:FROM:UNTIL). Every row is checked before "
               "anything is written. Each request's id follows from the member's, so importing "
               "the same file again changes nothing.",
        .children = globals_child,
    };
    static struct members_import import;
    import = (struct members_import){.globals = *globals, .pace = import_pace_default};
    globals_parse(&parser, argc, argv, &import);
    char error[IMPORT_FILE_ERROR_BYTES];
    int code = CTL_USAGE;
    if (members_file_read(import.path, &import.file, error)) {
        code = run(&import);
    } else {
        (void)fprintf(stderr, "loyaltyctl: %s\n", error);
    }
    members_file_fini(&import.file);
    return code;
}
