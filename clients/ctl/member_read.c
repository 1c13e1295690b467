// `member get` and `member explain`: what is known of a member, changing nothing.
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "loyalty/v1/members.pb-c.h"

static error_t take(int key, char *arg, struct argp_state *state)
{
    return member_line_take(state->input, false, key, arg, state);
}

static void print_life(const Loyalty__V1__GetMemberResponse *response)
{
    const ProtobufCEnumValue *status = protobuf_c_enum_descriptor_get_value(
        &loyalty__v1__member_status__descriptor, (int)response->status);
    if (response->status > LOYALTY__V1__MEMBER_STATUS__MEMBER_STATUS_ACTIVE && status != NULL) {
        print_row("status", "%s", status->name + strlen("MEMBER_STATUS_"));
    }
    if (*response->merged_from != '\0') {
        print_row("merged from", "%s", response->merged_from);
    }
}

// What the next re-scoring and the card's end will give, as far as is known now.
static void print_forecast(const Loyalty__V1__TierForecast *forecast)
{
    char text[PRINT_TEXT_BYTES];
    char number[PRINT_TEXT_BYTES];
    if (forecast == NULL) {
        return;
    }
    if (forecast->next_rescore_at != NULL) {
        print_row("re-scoring", "%s, from a score of %s: %s",
                  print_instant(forecast->next_rescore_at, text),
                  print_number(forecast->next_rescore_score, number),
                  forecast->next_rescore_tier_id);
    }
    if (forecast->card_ends_at != NULL) {
        print_row("card's end", "%s, from a score of %s: %s",
                  print_instant(forecast->card_ends_at, text),
                  print_number(forecast->card_end_score, number), forecast->card_end_tier_id);
        print_row_number("missing to keep", forecast->missing_to_keep);
    }
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
    print_life(response);
    print_standing(response->standing);
    print_card("card", response->card);
    print_forecast(response->forecast);
    print_lots("points", response->lots, response->n_lots);
    if (response->expiring_in_90_days != 0) {
        char soon[PRINT_TEXT_BYTES];
        char later[PRINT_TEXT_BYTES];
        print_row("ending", "%s within 30 days, %s within 90",
                  print_number(response->expiring_in_30_days, soon),
                  print_number(response->expiring_in_90_days, later));
    }
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
