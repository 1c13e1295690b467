// `member log`: a member's statement, newest first.
#include "ctl/member_log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/members.pb-c.h"

enum { KEY_LIMIT = 0x200, KEY_ARCHIVED, LIMIT_DEFAULT = 50, LIMIT_MAX = 1000000, PAGE_MAX = 200 };

struct log_line {
    struct member_line member;
    int64_t limit;
    const char *archived; // folder; NULL: the service's own log
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
    if (key == KEY_ARCHIVED) {
        line->archived = arg;
        line->limit = line->limit == LIMIT_DEFAULT ? LIMIT_MAX : line->limit;
        return 0;
    }
    return member_line_take(&line->member, false, key, arg, state);
}

// "opening balance": the contract's word, in small letters.
static const char *kind_text(Loyalty__V1__ActivityKind kind, char out[PRINT_TEXT_BYTES])
{
    static const char prefix[] = "ACTIVITY_KIND_";
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&loyalty__v1__activity_kind__descriptor, (int)kind);
    (void)snprintf(out, PRINT_TEXT_BYTES, "%s", value == NULL ? "?" : value->name + strlen(prefix));
    for (char *at = out; *at != '\0'; at++) {
        *at = *at == '_' ? ' ' : (char)tolower((unsigned char)*at);
    }
    return out;
}

// What it was about: a perk, another member, why.
static const char *about(const Loyalty__V1__Activity *activity)
{
    bool refused = activity->kind == LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_REFUSED;
    if (*activity->perk_id != '\0') {
        return activity->perk_id;
    }
    if (*activity->other_member_id != '\0') {
        return activity->other_member_id;
    }
    return *activity->request_id != '\0' && !refused ? activity->request_id : activity->reason;
}

void member_log_add(struct print_table *table, const Loyalty__V1__Activity *activity)
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
    char kind[PRINT_TEXT_BYTES];
    const char *cells[] = {
        seq,
        print_instant(activity->at, at),
        kind_text(activity->kind, kind),
        points,
        score,
        activity->new_card != NULL ? activity->new_card->tier_id : "",
        activity->unit,
        about(activity),
    };
    print_table_add(table, cells);
}

struct print_table *member_log_table(void)
{
    static const char *const headers[] = {"RECORD", "AT",   "KIND", "POINTS",
                                          "SCORE",  "CARD", "BY",   "ABOUT"};
    return print_table_new(8, 1 | 8 | 16, headers);
}

// Pages until the limit or the end. The pages' JSON is one object a line.
static int print_log(struct session *session, const struct log_line *line)
{
    struct print_table *table = session->globals->json ? NULL : member_log_table();
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
            member_log_add(table, response->activities[i]);
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
        {"archived", KEY_ARCHIVED, "DIR", 0,
         "The whole history, what compaction cut off too; all that is written, unless --limit says "
         "less. For role admin",
         0},
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
        code = line.archived == NULL
                   ? print_log(&session, &line)
                   : member_log_archived(&session, &line.member.member, line.archived, line.limit);
    }
    session_close(&session);
    return code;
}
