// `member identifier add|replace|remove` and `member profile get|set`: what a member is found by,
// and what is known of the person.
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/member_line.h"
#include "ctl/parse.h"
#include "ctl/print.h"
#include "ctl/session.h"
#include "lib/encode.h"
#include "loyalty/v1/members.pb-c.h"

enum {
    KEY_REASON = 0x200,
    KEY_BIRTHDAY,
    KEY_LANGUAGE,
    KEY_CONSENT,
    KEY_NAME,
    KEY_EMAIL,
    CONSENTS_MAX = 32,
    PARTS = 5,
};

typedef Loyalty__V1__Profile__ConsentsEntry consent_entry;

struct identity_line {
    struct member_line member; // the second argument is an identifier
    const char *third;
    const char *reason;
    // the profile; NULL: left as it is
    const char *birthday;
    const char *language;
    const char *name;
    const char *email;
    const char *consents[CONSENTS_MAX]; // "marketing=yes"
    size_t consent_count;
};

static int run(const struct argp *parser, int argc, char **argv, const struct globals *globals,
               member_send_fn *send)
{
    struct identity_line line = {.member.globals = *globals, .reason = ""};
    return member_line_run(parser, argc, argv, &line.member, send);
}

// --- identifiers ---

static const struct argp_option change_options[] = {
    {"reason", KEY_REASON, "TEXT", 0, "Why; no personal datum", 0},
    MEMBER_LINE_REQUEST_ID,
    {0},
};

static error_t take_identifier(int key, char *arg, struct argp_state *state)
{
    struct identity_line *line = state->input;
    if (key == KEY_REASON) {
        line->reason = arg;
        return 0;
    }
    return member_line_take(&line->member, true, key, arg, state);
}

static error_t take_replacement(int key, char *arg, struct argp_state *state)
{
    struct identity_line *line = state->input;
    if (key == ARGP_KEY_ARG && state->arg_num == 2) {
        line->third = arg;
        return 0;
    }
    if (key == ARGP_KEY_END && line->third == NULL) {
        argp_usage(state);
    }
    return take_identifier(key, arg, state);
}

// NULL, and said so, when the text is no identifier.
static Loyalty__V1__Identifier *identifier(struct session *session, const char *text)
{
    struct loyalty_member parsed;
    if (!parse_member(text, &parsed) || parsed.by == LOYALTY_BY_MEMBER_ID) {
        (void)fprintf(stderr, "loyaltyctl: %s is no identifier: card:, barcode:, phone:, app:\n",
                      text);
        return NULL;
    }
    return ly_encode_identifier(&session->arena, &parsed);
}

static int change(struct session *session, const char *method, const ProtobufCMessage *request,
                  const Loyalty__V1__Mutation *mutation)
{
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, method, request, mutation->request_id,
                            &loyalty__v1__change_identifiers_response__descriptor, &answer);
    if (code == CTL_OK && session->globals->json) {
        return print_json(session, answer, true);
    }
    if (code == CTL_OK) {
        const Loyalty__V1__ChangeIdentifiersResponse *response =
            (const Loyalty__V1__ChangeIdentifiersResponse *)answer;
        print_row("member", "%s", response->member_id);
        if (response->unbound) {
            print_row("without", "%s", "the new one, which another member took just now");
        }
        member_line_print_request(session, mutation);
    }
    return code;
}

static int send_add(struct session *session, const void *arguments)
{
    const struct identity_line *line = arguments;
    Loyalty__V1__AddIdentifierRequest request = LOYALTY__V1__ADD_IDENTIFIER_REQUEST__INIT;
    request.identifier = identifier(session, line->member.second);
    if (request.identifier == NULL) {
        return CTL_USAGE;
    }
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    return change(session, "/loyalty.v1.MembersService/AddIdentifier", &request.base,
                  request.mutation);
}

int member_identifier_add(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = change_options,
        .parser = take_identifier,
        .args_doc = "MEMBER IDENTIFIER",
        .doc = "Gives a member one more identifier: card:NUMBER, barcode:NUMBER, phone:+NUMBER, "
               "app:ID.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_add);
}

static int send_replace(struct session *session, const void *arguments)
{
    const struct identity_line *line = arguments;
    Loyalty__V1__ReplaceIdentifierRequest request = LOYALTY__V1__REPLACE_IDENTIFIER_REQUEST__INIT;
    request.old = identifier(session, line->member.second);
    request.identifier = request.old == NULL ? NULL : identifier(session, line->third);
    if (request.identifier == NULL) {
        return CTL_USAGE;
    }
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    request.reason = (char *)line->reason;
    return change(session, "/loyalty.v1.MembersService/ReplaceIdentifier", &request.base,
                  request.mutation);
}

int member_identifier_replace(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = change_options,
        .parser = take_replacement,
        .args_doc = "MEMBER OLD NEW",
        .doc = "Puts a new identifier in an old one's place: a lost card. Who shows the old one is "
               "told that it was replaced.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_replace);
}

static int send_remove(struct session *session, const void *arguments)
{
    const struct identity_line *line = arguments;
    Loyalty__V1__RemoveIdentifierRequest request = LOYALTY__V1__REMOVE_IDENTIFIER_REQUEST__INIT;
    request.old = identifier(session, line->member.second);
    if (request.old == NULL) {
        return CTL_USAGE;
    }
    request.mutation = session_mutation(session, line->member.request_id);
    request.member = session_member(session, &line->member.member);
    return change(session, "/loyalty.v1.MembersService/RemoveIdentifier", &request.base,
                  request.mutation);
}

int member_identifier_remove(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = change_options,
        .parser = take_identifier,
        .args_doc = "MEMBER IDENTIFIER",
        .doc = "Takes an identifier from a member; another may then have it.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_remove);
}

// --- profiles ---

static const struct argp_option profile_options[] = {
    {"birthday", KEY_BIRTHDAY, "YYYY-MM-DD", 0, "Empty takes it away, as of the others", 0},
    {"language", KEY_LANGUAGE, "TAG", 0, "\"zh\"", 0},
    {"consent", KEY_CONSENT, "PURPOSE=yes|no", 0, "Any number of them; others stay", 0},
    {"name", KEY_NAME, "TEXT", 0, "How to address the person", 0},
    {"email", KEY_EMAIL, "ADDRESS", 0, NULL, 0},
    {0},
};

static error_t take_consent(struct identity_line *line, const char *arg, struct argp_state *state)
{
    const char *given = strrchr(arg, '=');
    if (given == NULL || (strcmp(given, "=yes") != 0 && strcmp(given, "=no") != 0)) {
        argp_error(state, "%s is not PURPOSE=yes or PURPOSE=no", arg);
    } else if (line->consent_count == CONSENTS_MAX) {
        argp_error(state, "at most %d consents", CONSENTS_MAX);
    } else {
        line->consents[line->consent_count++] = arg;
    }
    return 0;
}

static error_t take_profile(int key, char *arg, struct argp_state *state)
{
    struct identity_line *line = state->input;
    switch (key) {
    case KEY_BIRTHDAY:
        line->birthday = arg;
        return 0;
    case KEY_LANGUAGE:
        line->language = arg;
        return 0;
    case KEY_CONSENT:
        return take_consent(line, arg, state);
    case KEY_NAME:
        line->name = arg;
        return 0;
    case KEY_EMAIL:
        line->email = arg;
        return 0;
    default:
        return member_line_take(&line->member, false, key, arg, state);
    }
}

static int show(struct session *session, const Loyalty__V1__Profile *profile)
{
    if (session->globals->json) {
        return print_json(session, &profile->base, false);
    }
    print_row("revision", "%llu", (unsigned long long)profile->revision);
    print_row("birthday", "%s", profile->birthday);
    print_row("language", "%s", profile->language);
    print_row("name", "%s", profile->display_name);
    print_row("email", "%s", profile->email);
    for (size_t i = 0; i < profile->n_consents; i++) {
        print_row("consent", "%s: %s", profile->consents[i]->key,
                  profile->consents[i]->value ? "yes" : "no");
    }
    return CTL_OK;
}

static int read_profile(struct session *session, const struct identity_line *line,
                        Loyalty__V1__Profile **ret_profile)
{
    Loyalty__V1__GetProfileRequest request = LOYALTY__V1__GET_PROFILE_REQUEST__INIT;
    request.member = session_member(session, &line->member.member);
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.MembersService/GetProfile", &request.base, NULL,
                            &loyalty__v1__profile__descriptor, &answer);
    *ret_profile = (Loyalty__V1__Profile *)answer;
    return code;
}

static int send_get(struct session *session, const void *arguments)
{
    const struct identity_line *line = arguments;
    Loyalty__V1__Profile *profile = NULL;
    int code = read_profile(session, line, &profile);
    return code == CTL_OK ? show(session, profile) : code;
}

int member_profile_get(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .parser = take_profile,
        .args_doc = "MEMBER",
        .doc = "Shows what is known of the person.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_get);
}

// Those there are, with the ones given in their places or behind them.
static void put_consents(struct session *session, const struct identity_line *line,
                         Loyalty__V1__Profile *profile)
{
    consent_entry **entries =
        session_alloc(session, (profile->n_consents + line->consent_count) * sizeof(void *));
    for (size_t i = 0; i < profile->n_consents; i++) {
        entries[i] = profile->consents[i];
    }
    for (size_t i = 0; i < line->consent_count; i++) {
        const char *text = line->consents[i];
        size_t len = (size_t)(strrchr(text, '=') - text);
        size_t at = 0;
        while (at < profile->n_consents &&
               (strlen(entries[at]->key) != len || strncmp(entries[at]->key, text, len) != 0)) {
            at++;
        }
        if (at == profile->n_consents) {
            entries[at] = session_alloc(session, sizeof(*entries[at]));
            loyalty__v1__profile__consents_entry__init(entries[at]);
            entries[at]->key = session_alloc(session, len + 1);
            memcpy(entries[at]->key, text, len);
            profile->n_consents++;
        }
        entries[at]->value = strcmp(text + len, "=yes") == 0;
    }
    profile->consents = entries;
}

// Puts what was given into the profile read; names it in the mask, of PARTS. Gives how many.
static size_t put_parts(struct session *session, const struct identity_line *line,
                        Loyalty__V1__Profile *profile, char **mask)
{
    const struct {
        char *part;
        const char *given;
        char **place;
    } texts[] = {
        {(char *)"birthday", line->birthday, &profile->birthday},
        {(char *)"language", line->language, &profile->language},
        {(char *)"display_name", line->name, &profile->display_name},
        {(char *)"email", line->email, &profile->email},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].given != NULL) {
            *texts[i].place = (char *)texts[i].given;
            mask[count++] = texts[i].part;
        }
    }
    if (line->consent_count > 0) {
        put_consents(session, line, profile);
        mask[count++] = (char *)"consents";
    }
    return count;
}

static int send_set(struct session *session, const void *arguments)
{
    const struct identity_line *line = arguments;
    Loyalty__V1__Profile *profile = NULL;
    int code = read_profile(session, line, &profile);
    if (code != CTL_OK) {
        return code;
    }
    char *mask[PARTS];
    Loyalty__V1__UpdateProfileRequest request = LOYALTY__V1__UPDATE_PROFILE_REQUEST__INIT;
    request.n_update_mask = put_parts(session, line, profile, mask);
    if (request.n_update_mask == 0) {
        (void)fprintf(stderr, "loyaltyctl: nothing to change was given; see --help\n");
        return CTL_USAGE;
    }
    request.update_mask = mask;
    request.member = session_member(session, &line->member.member);
    request.profile = profile;
    ProtobufCMessage *answer = NULL;
    code = session_call(session, "/loyalty.v1.MembersService/UpdateProfile", &request.base, NULL,
                        &loyalty__v1__profile__descriptor, &answer);
    return code == CTL_OK ? show(session, (const Loyalty__V1__Profile *)answer) : code;
}

int member_profile_set(int argc, char **argv, const struct globals *globals)
{
    static const struct argp parser = {
        .options = profile_options,
        .parser = take_profile,
        .args_doc = "MEMBER",
        .doc = "Changes what is known of the person, if nobody else does at the same moment.",
        .children = globals_child,
    };
    return run(&parser, argc, argv, globals, send_set);
}
