// Documents become versions; what the service has published is taken as it is.
#include "ctl/whatif_rules.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/zone.h"
#include "loyalty/v1/programs.pb-c.h"
#include "wire/instant.h"
#include "wire/program_wire.h"

enum { DAY_SECONDS = 86400, STEPS_MAX = 4096, SECOND_MS = 1000 };

#define ZONE_END_SECONDS INT64_C(7289654400) // 2201-01-01

static int32_t offset_at(int64_t seconds)
{
    time_t instant = (time_t)seconds;
    struct tm local = {0};
    (void)localtime_r(&instant, &local);
    return (int32_t)local.tm_gmtoff;
}

// The first second with another offset than `low` has; `high` has another one.
static int64_t find_change(int64_t low, int64_t high)
{
    int32_t offset = offset_at(low);
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (offset_at(middle) == offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

bool whatif_zone(const char *name, struct arena *arena, struct zone *ret_zone)
{
    struct zone_step *steps = arena_alloc_array(arena, STEPS_MAX, sizeof(*steps));
    if (steps == NULL || !zone_use(name)) {
        (void)fprintf(stderr,
                      "loyaltyctl: this machine does not know the program's time zone %s; "
                      "is tzdata installed?\n",
                      name);
        return false;
    }
    size_t count = 1;
    steps[0] = (struct zone_step){.offset_ms = offset_at(0) * SECOND_MS};
    for (int64_t at = 0; at < ZONE_END_SECONDS && count < STEPS_MAX; at += DAY_SECONDS) {
        if (offset_at(at + DAY_SECONDS) != offset_at(at)) {
            int64_t change = find_change(at, at + DAY_SECONDS);
            steps[count++] = (struct zone_step){.from_ms = change * SECOND_MS,
                                                .offset_ms = offset_at(change) * SECOND_MS};
        }
    }
    *ret_zone = (struct zone){.steps = steps, .count = count};
    return true;
}

static int no_memory(void)
{
    (void)fprintf(stderr, "loyaltyctl: out of memory\n");
    return CTL_RETRY_LATER;
}

int whatif_rules_add(struct whatif_rules *rules, const Loyalty__V1__Program *document,
                     int64_t effective_from_ms, const struct zone *zone, struct arena *arena)
{
    size_t count = rules->set.count;
    if (count > 0 && rules->versions[count - 1].effective_from_ms >= effective_from_ms) {
        (void)fprintf(stderr,
                      "loyaltyctl: version %u begins at that instant or later; the new one must "
                      "begin behind it (--effective-from)\n",
                      rules->versions[count - 1].number);
        return CTL_USAGE;
    }
    struct program *program = arena_alloc(arena, sizeof(*program));
    struct program_problems problems = {.arena = arena};
    if (program == NULL || count > LIMIT_PROGRAM_VERSIONS ||
        program_from_message(document, arena, program) != STATUS_OK ||
        program_compile(program, &problems) != STATUS_OK) {
        return no_memory();
    }
    if (problems.count > 0) {
        (void)fprintf(stderr, "loyaltyctl: a version has rules that this program does not know\n");
        return CTL_REFUSED;
    }
    rules->versions[count] = (struct program_version){
        .number = count == 0 ? 1 : rules->versions[count - 1].number + 1,
        .effective_from_ms = effective_from_ms,
        .program = program,
        .zone = zone,
    };
    rules->set = (struct program_set){.versions = rules->versions, .count = count + 1};
    return CTL_OK;
}

// --- from the service ---

static int get(struct session *session, uint32_t number,
               const Loyalty__V1__GetProgramResponse **ret_answer)
{
    Loyalty__V1__GetProgramRequest request = LOYALTY__V1__GET_PROGRAM_REQUEST__INIT;
    request.version = number;
    ProtobufCMessage *answer = NULL;
    int code = session_call(session, "/loyalty.v1.ProgramsService/GetProgram", &request.base, NULL,
                            &loyalty__v1__get_program_response__descriptor, &answer);
    if (code == CTL_OK) {
        *ret_answer = (const Loyalty__V1__GetProgramResponse *)answer;
    }
    return code;
}

static bool stands(const Loyalty__V1__GetProgramResponse *list, uint32_t number)
{
    bool withdrawn = false;
    for (size_t i = 0; i < list->n_versions; i++) {
        const Loyalty__V1__ProgramVersion *version = list->versions[i];
        withdrawn = withdrawn || (version->version == number && version->withdrawn_at != NULL);
    }
    return !withdrawn;
}

static uint32_t last_number(const Loyalty__V1__GetProgramResponse *list)
{
    return list->n_versions == 0 ? 0 : list->versions[list->n_versions - 1]->version;
}

static int none_published(void)
{
    (void)fprintf(stderr, "loyaltyctl: no version of the program is published\n");
    return CTL_REFUSED;
}

int whatif_fetch_latest(struct session *session, const Loyalty__V1__Program **ret_document)
{
    const Loyalty__V1__GetProgramResponse *list = NULL;
    int code = get(session, 0, &list);
    uint32_t number = code == CTL_OK ? last_number(list) : 0;
    while (number > 0 && !stands(list, number)) {
        number--;
    }
    if (code == CTL_OK && number == 0) {
        return none_published();
    }
    const Loyalty__V1__GetProgramResponse *answer = NULL;
    code = code == CTL_OK ? get(session, number, &answer) : code;
    if (code == CTL_OK) {
        *ret_document = answer->program;
    }
    return code;
}

int whatif_fetch_current(struct session *session, const Loyalty__V1__Program **ret_document)
{
    const Loyalty__V1__GetProgramResponse *answer = NULL;
    int code = get(session, 0, &answer);
    if (code == CTL_OK && answer->program == NULL) {
        return whatif_fetch_latest(session, ret_document);
    }
    if (code == CTL_OK) {
        *ret_document = answer->program;
    }
    return code;
}

int whatif_rules_fetch(struct session *session, const struct zone *zone, struct whatif_rules *rules)
{
    const Loyalty__V1__GetProgramResponse *list = NULL;
    int code = get(session, 0, &list);
    uint32_t count = code == CTL_OK ? last_number(list) : 0;
    for (uint32_t number = 1; code == CTL_OK && number <= count; number++) {
        const Loyalty__V1__GetProgramResponse *answer = NULL;
        int64_t from_ms = 0;
        code = get(session, number, &answer);
        if (code != CTL_OK || !stands(list, number)) {
            continue;
        }
        if (answer->effective_from == NULL ||
            instant_from_timestamp(answer->effective_from, &from_ms) != STATUS_OK) {
            (void)fprintf(stderr, "loyaltyctl: version %u has no beginning\n", number);
            return CTL_UNKNOWN;
        }
        code = whatif_rules_add(rules, answer->program, from_ms, zone, &session->arena);
        if (code == CTL_OK) {
            rules->versions[rules->set.count - 1].number = number;
        }
    }
    return code == CTL_OK && rules->set.count == 0 ? none_published() : code;
}
