// Lines in, lines out.
#include "till/till_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void line_split(struct line *line)
{
    line->count = 0;
    char *rest = NULL;
    char *word = strtok_r(line->text, " \n", &rest);
    while (word != NULL && line->count < LINE_WORDS_MAX) {
        line->words[line->count++] = word;
        word = strtok_r(NULL, " \n", &rest);
    }
}

const char *line_text(const struct line *line, const char *name)
{
    for (int i = 1; i + 1 < line->count; i += 2) {
        if (strcmp(line->words[i], name) == 0) {
            return line->words[i + 1];
        }
    }
    return NULL;
}

int64_t line_number(const struct line *line, const char *name, int64_t otherwise)
{
    const char *text = line_text(line, name);
    return text == NULL ? otherwise : strtoll(text, NULL, 10);
}

static bool take_award(const struct line *line, struct loyalty_intent *intent)
{
    static struct loyalty_sale_line lines[LOYALTY_SALE_LINES_MAX + 1];
    static struct loyalty_sale sale;
    size_t count = (size_t)line_number(line, "lines", 1);
    for (size_t i = 0; i < count && i <= LOYALTY_SALE_LINES_MAX; i++) {
        lines[i] = (struct loyalty_sale_line){.amount_minor = line_number(line, "minor", 0)};
    }
    sale = (struct loyalty_sale){
        .currency = "CNY",
        .lines = lines,
        .line_count = count,
        .occurred_at_ms = line_number(line, "occurred", 0),
        .receipt_number = (uint64_t)line_number(line, "receipt", 0),
        .business_date = line_text(line, "date"),
        .training = line_number(line, "training", 0) != 0,
        .attached = line_number(line, "attached", 0) != 0,
        .exchange_of = line_text(line, "exchange"),
    };
    intent->kind = LOYALTY_TILL_AWARD;
    intent->sale = &sale;
    return true;
}

static bool take_spend(const struct line *line, struct loyalty_intent *intent)
{
    static struct loyalty_spend spend;
    spend = (struct loyalty_spend){
        .points = line_number(line, "points", 0),
        .receipt_number = (uint64_t)line_number(line, "receipt", 0),
        .business_date = line_text(line, "date"),
        .hold_seconds = (uint32_t)line_number(line, "seconds", 0),
    };
    bool redeems = strcmp(line->words[0], "redeem") == 0;
    intent->kind = redeems ? LOYALTY_TILL_REDEEM : LOYALTY_TILL_RESERVE;
    intent->spend = &spend;
    return true;
}

static bool take_hold_end(const struct line *line, struct loyalty_intent *intent)
{
    static struct loyalty_hold_end end;
    end = (struct loyalty_hold_end){
        .reservation_id = line_text(line, "of"),
        .points = line_number(line, "points", 0),
        .receipt_number = (uint64_t)line_number(line, "receipt", 0),
        .business_date = line_text(line, "date"),
    };
    bool captures = strcmp(line->words[0], "capture") == 0;
    intent->kind = captures ? LOYALTY_TILL_CAPTURE : LOYALTY_TILL_RELEASE;
    intent->hold_end = &end;
    return true;
}

static bool take_reverse(const struct line *line, struct loyalty_intent *intent)
{
    static struct loyalty_reversal reversal;
    static uint32_t number;
    reversal = (struct loyalty_reversal){
        .original_request_id = line_text(line, "of"),
        .original_created_at_ms = line_number(line, "created", 0),
        .amount_minor = line_number(line, "amount", 0),
        .points = line_number(line, "points", 0),
        .lines = &number,
        .reason = line_text(line, "reason"),
        .receipt_number = (uint64_t)line_number(line, "receipt", 0),
        .business_date = line_text(line, "date"),
    };
    number = (uint32_t)line_number(line, "line", 0);
    reversal.line_count = number != 0;
    reversal.part = line_text(line, "amount") != NULL   ? LOYALTY_PART_AMOUNT
                    : line_text(line, "points") != NULL ? LOYALTY_PART_POINTS
                    : number != 0                       ? LOYALTY_PART_LINES
                                                        : LOYALTY_PART_WHOLE;
    intent->kind = LOYALTY_TILL_REVERSE;
    intent->reversal = &reversal;
    return true;
}

bool line_intent(const struct line *line, struct loyalty_intent *ret_intent)
{
    static const struct {
        const char *word;
        bool (*take)(const struct line *line, struct loyalty_intent *intent);
    } kinds[] = {
        {"award", take_award},      {"redeem", take_spend},     {"reserve", take_spend},
        {"capture", take_hold_end}, {"release", take_hold_end}, {"reverse", take_reverse},
    };
    const char *phone = line_text(line, "phone");
    *ret_intent = (struct loyalty_intent){
        .request_id = line_text(line, "id"),
        .member = {.by = phone == NULL ? LOYALTY_BY_MEMBER_ID : LOYALTY_BY_PHONE,
                   .value = phone == NULL ? line_text(line, "member") : phone},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(line->words[0], kinds[i].word) == 0) {
            return kinds[i].take(line, ret_intent);
        }
    }
    return false;
}

static bool took_effect(const struct loyalty_till_answer *answer)
{
    return answer->status == LOYALTY_TILL_APPLIED || answer->status == LOYALTY_TILL_DUPLICATE;
}

void print_answer(const struct loyalty_till_answer *answer)
{
    printf("{\"status\": \"%s\", \"kind\": %d, \"sequence\": %" PRId64 ", \"id\": \"%s\","
           " \"created\": %" PRId64 ", \"reason\": \"%s\", \"note\": \"%s\"",
           loyalty_till_status_name(answer->status), (int)answer->kind, answer->sequence,
           answer->request_id, answer->created_at_ms, answer->reply.reason, answer->note);
    if (answer->kind == LOYALTY_TILL_AWARD && took_effect(answer)) {
        printf(", \"points\": %" PRId64 ", \"occurred\": %" PRId64 ", \"card\": \"%s\","
               " \"card_from\": %" PRId64 ", \"balance\": %" PRId64,
               answer->award.points, answer->award.occurred_at_ms, answer->award.new_card.tier_id,
               answer->award.new_card.from_ms, answer->award.standing.balance);
    } else if (answer->kind == LOYALTY_TILL_REVERSE && took_effect(answer)) {
        printf(", \"result\": %d, \"taken\": %" PRId64 ", \"returned\": %" PRId64,
               (int)answer->reversal.result, answer->reversal.points_taken,
               answer->reversal.points_returned);
    } else if (took_effect(answer) || (answer->status == LOYALTY_TILL_ACCEPTED_OFFLINE &&
                                       answer->redemption.value_currency != NULL)) {
        printf(", \"points\": %" PRId64 ", \"value\": %" PRId64 ", \"currency\": \"%s\","
               " \"lapses\": %" PRId64 ", \"freed\": %" PRId64 ", \"held\": %" PRId64,
               answer->redemption.points, answer->redemption.value_minor,
               answer->redemption.value_currency, answer->redemption.lapses_at_ms,
               answer->redemption.freed, answer->redemption.standing.held);
    }
    printf("}\n");
}

void print_state(struct loyalty_till *till)
{
    struct loyalty_till_state state;
    loyalty_till_look(till, &state);
    printf("{\"online\": %d, \"open\": %" PRIu64 ", \"exceptions\": %" PRIu64
           ", \"retry_in\": %" PRId64 ", \"now\": %" PRId64 ", \"learned\": %" PRId64
           ", \"clock_error\": %" PRId64 ", \"wrong\": %d}\n",
           state.online, state.open, state.exceptions, state.retry_in_ms, state.now_ms,
           state.clock_learned_at_ms, state.clock_error_ms, state.clock_is_wrong);
}

void print_terms(struct loyalty_till *till)
{
    struct loyalty_terms terms;
    if (!loyalty_till_terms(till, &terms)) {
        printf("{}\n");
        return;
    }
    printf("{\"program\": \"%s\", \"version\": %u, \"floor\": %" PRId64 ", \"late_days\": %u}\n",
           terms.program_id, terms.program_version, terms.offline_floor_points, terms.late_days);
}

static void print_list(const char *name, const struct loyalty_total totals[LOYALTY_OPERATIONS])
{
    printf("\"%s\": [", name);
    for (int i = 0; i < LOYALTY_OPERATIONS; i++) {
        printf("%s[%" PRIu64 ", %" PRId64 ", %" PRId64 "]", i == 0 ? "" : ", ", totals[i].count,
               totals[i].points, totals[i].amount_minor);
    }
    printf("]");
}

void print_totals(const char *name, const struct loyalty_total totals[LOYALTY_OPERATIONS])
{
    printf("{");
    print_list(name, totals);
    printf("}\n");
}

void print_day(enum loyalty_till_status status, const struct loyalty_till_day *day)
{
    printf("{\"status\": \"%s\", \"reason\": \"%s\", \"in_balance\": %s, \"closed\": %s, ",
           loyalty_till_status_name(status), day->reply.reason, day->in_balance ? "true" : "false",
           day->closed ? "true" : "false");
    print_list("service", day->service);
    printf(", ");
    print_list("till", day->till);
    printf(", \"differences\": [");
    for (size_t i = 0; i < day->difference_count; i++) {
        const struct loyalty_till_difference *each = &day->differences[i];
        printf("%s{\"side\": %d, \"operation\": %d, \"id\": \"%s\", \"receipt\": %" PRIu64
               ", \"service\": [%" PRId64 ", %" PRId64 "], \"till\": [%" PRId64 ", %" PRId64 "]}",
               i == 0 ? "" : ", ", (int)each->side, (int)each->operation, each->request_id,
               each->receipt_number, each->service_points, each->service_amount_minor,
               each->till_points, each->till_amount_minor);
    }
    printf("]}\n");
}
