// `member get`, `member log` and `member explain`: what is known of a member, changing nothing.
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/members.pb-c.h"

enum { KEY_LIMIT = 0x200, LIMIT_DEFAULT = 50, LIMIT_MAX = 1000000, PAGE_MAX = 200 };

static error_t take(int key, char *arg, struct argp_state *state)
{
    return member_line_take(state->input, false, key, arg, state);
}

static int print_account(const struct session *session, const ProtobufCMessage *answer)
{
    if (session->globals->json) {
        return print_json(session, answer, false);
    }
    const Loyalty__V1__GetMemberResponse *response = (const Loyalty__V1__GetMemberResponse *)answer;
    print_row("member", "%s", response->member_id);
    print_row_instant("as of", response->as_of);
    print_row_instant("enrolled", response->enrolled_at);
    print_standing(response->standing);
    print_card("card", response->card);
    print_lots("points", response->lots, response->n_lots);
    if (response->next_change_at != NULL) {
        print_row_instant("next change", response->next_change_at);
    }
    print_row("records", "%llu, under program version %u", (unsigned long long)response->seq,
              response->program_version);
    return CTL_OK;
}

int member_get(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "MEMBER",
        .doc = "Shows where a member stands now: points, score, tier, card. What time alone has "
               "changed is in it, whether a job has written it yet or not.",
        .children = globals_child,
    };
    struct member_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        Loyalty__V1__GetMemberRequest request = LOYALTY__V1__GET_MEMBER_REQUEST__INIT;
        request.member = session_member(&session, &line.member);
        ProtobufCMessage *answer = NULL;
        code = session_call(&session, "/loyalty.v1.MembersService/GetMember", &request.base, NULL,
                            &loyalty__v1__get_member_response__descriptor, &answer);
        code = code == CTL_OK ? print_account(&session, answer) : code;
    }
    session_close(&session);
    return code;
}

// --- log ---

struct log_line {
    struct member_line member;
    int64_t limit;
};

static error_t take_log(int key, char *arg, struct argp_state *state)
{
    struct log_line *line = state->input;
    if (key == KEY_LIMIT) {
        if (!parse_number(arg, 1, LIMIT_MAX, &line->limit)) {
            argp_error(state, "%s is no number of records", arg);
        }
        return 0;
    }
    return member_line_take(&line->member, false, key, arg, state);
}

static const char *kind_text(Loyalty__V1__ActivityKind kind)
{
    switch (kind) {
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_ENROLLED:
        return "enrolled";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_AWARDED:
        return "awarded";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REDEEMED:
        return "redeemed";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REFUSED:
        return "refused";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TIME_PASSED:
        return "time passed";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_OPENING_BALANCE:
        return "opening balance";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_IDENTIFIER_BOUND:
        return "identifier bound";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_COMPACTED:
        return "compacted";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_RESERVED:
        return "reserved";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_CAPTURED:
        return "captured";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_RELEASED:
        return "released";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_LAPSED:
        return "lapsed";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REVERSED:
        return "reversed";
    case LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TOMBSTONE:
        return "reversed unseen";
    default:
        return "?";
    }
}

static void add_activity(struct print_table *table, const Loyalty__V1__Activity *activity)
{
    char seq[PRINT_TEXT_BYTES];
    char at[PRINT_TEXT_BYTES];
    char points[PRINT_TEXT_BYTES] = "";
    char score[PRINT_TEXT_BYTES] = "";
    (void)snprintf(seq, sizeof(seq), "%llu%s", (unsigned long long)activity->seq,
                   activity->unwritten ? "*" : "");
    if (activity->points != 0) {
        (void)print_number(activity->points, points);
    }
    if (activity->score != 0) {
        (void)print_number(activity->score, score);
    }
    bool refused = activity->kind == LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REFUSED;
    const char *cells[] = {
        seq,
        print_instant(activity->at, at),
        kind_text(activity->kind),
        points,
        score,
        activity->new_card != NULL ? activity->new_card->tier_id : "",
        activity->unit,
        *activity->request_id != '\0' && !refused ? activity->request_id : activity->reason,
    };
    print_table_add(table, cells);
}

// Pages until the limit or the end. The pages' JSON is one object a line.
static int print_log(struct session *session, const struct log_line *line)
{
    static const char *const headers[] = {"RECORD", "AT",   "KIND", "POINTS",
                                          "SCORE",  "CARD", "BY",   "REQUEST OR REASON"};
    struct print_table *table =
        session->globals->json ? NULL : print_table_new(8, 1 | 8 | 16, headers);
    Loyalty__V1__ListActivityRequest request = LOYALTY__V1__LIST_ACTIVITY_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    int64_t left = line->limit;
    int code = CTL_OK;
    bool more = true;
    while (code == CTL_OK && left > 0 && more) {
        request.page_size = left < PAGE_MAX ? (uint32_t)left : PAGE_MAX;
        ProtobufCMessage *answer = NULL;
        code = session_call(session, "/loyalty.v1.MembersService/ListActivity", &request.base, NULL,
                            &loyalty__v1__list_activity_response__descriptor, &answer);
        if (code != CTL_OK) {
            break;
        }
        const Loyalty__V1__ListActivityResponse *response =
            (const Loyalty__V1__ListActivityResponse *)answer;
        for (size_t i = 0; table != NULL && i < response->n_activities; i++) {
            add_activity(table, response->activities[i]);
        }
        code = table == NULL ? print_json(session, answer, false) : CTL_OK;
        left -= (int64_t)response->n_activities;
        request.page_token = response->next_page_token;
        more = *response->next_page_token != '\0';
    }
    if (table != NULL) {
        print_table_end(table);
    }
    return code;
}

int member_log(int argc, char **argv, const struct globals *globals)
{
    static const struct argp_option options[] = {
        {"limit", KEY_LIMIT, "N", 0, "At most so many records (50)", 0},
        {0},
    };
    static const struct argp parser = {
        .options = options,
        .parser = take_log,
        .args_doc = "MEMBER",
        .doc = "Shows a member's records, newest first. A * marks what time has made but nobody "
               "has written yet. With -o json, one object for every 200 records.",
        .children = globals_child,
    };
    struct log_line line = {.member.globals = *globals, .limit = LIMIT_DEFAULT};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.member.globals);
    if (code == CTL_OK) {
        code = print_log(&session, &line);
    }
    session_close(&session);
    return code;
}

// --- explain ---

static void print_parts(const Loyalty__V1__ExplainTierResponse *response)
{
    static const char *const headers[] = {"SCORE", "FROM", "UNTIL", "COUNTS NOW", "RECORD"};
    struct print_table *table = print_table_new(5, 1 | 16, headers);
    for (size_t i = 0; i < response->n_parts; i++) {
        const Loyalty__V1__ScorePart *part = response->parts[i];
        char score[PRINT_TEXT_BYTES];
        char from[PRINT_TEXT_BYTES];
        char until[PRINT_TEXT_BYTES];
        char seq[PRINT_TEXT_BYTES];
        (void)snprintf(seq, sizeof(seq), "%llu", (unsigned long long)part->seq);
        const char *cells[] = {print_number(part->score, score), print_instant(part->from, from),
                               print_instant(part->until, until), part->counts_now ? "yes" : "no",
                               seq};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static void print_tiers(const Loyalty__V1__ExplainTierResponse *response)
{
    static const char *const headers[] = {"TIER", "THRESHOLD", "MISSING", "GIVEN"};
    struct print_table *table = print_table_new(4, 2 | 4, headers);
    for (size_t i = 0; i < response->n_tiers; i++) {
        const Loyalty__V1__TierProgress *tier = response->tiers[i];
        char threshold[PRINT_TEXT_BYTES];
        char missing[PRINT_TEXT_BYTES];
        const char *cells[] = {tier->tier_id, print_number(tier->threshold, threshold),
                               print_number(tier->missing, missing), tier->given};
        print_table_add(table, cells);
    }
    print_table_end(table);
}

static int print_explanation(const struct session *session, const ProtobufCMessage *answer)
{
    if (session->globals->json) {
        return print_json(session, answer, false);
    }
    const Loyalty__V1__ExplainTierResponse *response =
        (const Loyalty__V1__ExplainTierResponse *)answer;
    char number[PRINT_TEXT_BYTES];
    print_row("member", "%s", response->member_id);
    print_row_instant("as of", response->as_of);
    print_standing(response->standing);
    print_card("card", response->card);
    if (response->next_rescore_at != NULL) {
        print_row_instant("next re-scoring", response->next_rescore_at);
        print_row("it will give", "%s, from a score of %s", response->next_rescore_tier_id,
                  print_number(response->next_rescore_score, number));
    }
    (void)putchar('\n');
    print_tiers(response);
    if (response->n_parts > 0) {
        (void)putchar('\n');
        print_parts(response);
    }
    return CTL_OK;
}

int member_explain(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take,
        .args_doc = "MEMBER",
        .doc = "Explains a member's tier: what counts now and until when, what the next "
               "re-scoring will do, what is missing for each tier.",
        .children = globals_child,
    };
    struct member_line line = {.globals = *globals};
    globals_parse(&parser, argc, argv, &line);
    struct session session;
    int code = session_open(&session, &line.globals);
    if (code == CTL_OK) {
        Loyalty__V1__ExplainTierRequest request = LOYALTY__V1__EXPLAIN_TIER_REQUEST__INIT;
        request.member = session_member(&session, &line.member);
        ProtobufCMessage *answer = NULL;
        code = session_call(&session, "/loyalty.v1.MembersService/ExplainTier", &request.base, NULL,
                            &loyalty__v1__explain_tier_response__descriptor, &answer);
        code = code == CTL_OK ? print_explanation(&session, answer) : code;
    }
    session_close(&session);
    return code;
}
