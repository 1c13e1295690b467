// The findings as a list: a line each and the advice below it, good ones first, so that the worst
// stands last, where the eye is when the command has ended.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/doctor_parts.h"
#include "ctl/print.h"

static const char *const groups[] = {"files",        "connection", "Redis",
                                     "certificates", "daemon",     "ledger"};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

static const struct {
    int level;
    const char *word;
    const char *name;
} levels[] = {
    {DOCTOR_GOOD, "good", "GOOD"},
    {DOCTOR_WARNING, "WARN", "WARNING"},
    {DOCTOR_FAULT, "FAULT", "FAULT"},
};

enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

static const char *keep(struct session *session, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = session_alloc(session, len);
    memcpy(copy, text, len);
    return copy;
}

static void add(struct doctor *doctor, const struct doctor_finding *finding)
{
    if (doctor->count == DOCTOR_FINDINGS) {
        doctor->left_out++;
        return;
    }
    doctor->findings[doctor->count++] = *finding;
}

void doctor_note(struct doctor *doctor, int level, const char *group, const char *code,
                 const char *advice, const char *format, ...)
{
    char what[DOCTOR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    const struct doctor_finding finding = {
        .level = level,
        .group = group,
        .code = code,
        .what = keep(doctor->session, what),
        .advice = keep(doctor->session, advice),
    };
    add(doctor, &finding);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static const char *group_of(const char *code)
{
    if (begins(code, "STORE_") || begins(code, "DURABILITY")) {
        return "Redis";
    }
    if (begins(code, "CERTIFICATE") || begins(code, "CLIENT_CA") || begins(code, "CRL") ||
        begins(code, "TLS_")) {
        return "certificates";
    }
    if (begins(code, "DUE_") || begins(code, "ARCHIVE_") || begins(code, "JOB")) {
        return "ledger";
    }
    return "daemon";
}

void doctor_take(struct doctor *doctor, const Loyalty__V1__Finding *finding)
{
    const struct doctor_finding taken = {
        .level = (int)finding->level,
        .group = group_of(finding->code),
        .code = finding->code,
        .what = finding->what,
        .advice = finding->advice,
    };
    add(doctor, &taken);
}

static size_t count_level(const struct doctor *doctor, int level)
{
    size_t count = 0;
    for (size_t i = 0; i < doctor->count; i++) {
        count += doctor->findings[i].level == level ? 1 : 0;
    }
    return count;
}

static void print_finding(const struct doctor_finding *finding, const char *word)
{
    (void)printf("%-5s  %-12s  %s (%s)\n", word, finding->group, finding->what, finding->code);
    if (*finding->advice != '\0') {
        (void)printf("       %-12s  -> %s\n", "", finding->advice);
    }
}

static void print_level(const struct doctor *doctor, size_t level)
{
    for (size_t group = 0; group < GROUPS; group++) {
        for (size_t i = 0; i < doctor->count; i++) {
            const struct doctor_finding *finding = &doctor->findings[i];
            if (finding->level == levels[level].level &&
                strcmp(finding->group, groups[group]) == 0) {
                print_finding(finding, levels[level].word);
            }
        }
    }
}

static json_t *finding_tree(const struct doctor_finding *finding)
{
    const char *name = "UNSPECIFIED";
    for (size_t i = 0; i < LEVELS; i++) {
        name = finding->level == levels[i].level ? levels[i].name : name;
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "level", name, "group", finding->group, "code",
                     finding->code, "what", finding->what, "advice", finding->advice);
}

static void print_json_report(const struct doctor *doctor)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < doctor->count; i++) {
        (void)json_array_append_new(findings, finding_tree(&doctor->findings[i]));
    }
    print_tree(json_pack("{s:b, s:I, s:I, s:I, s:o}", "reachable", !doctor->unreachable, "faults",
                         (json_int_t)count_level(doctor, DOCTOR_FAULT), "warnings",
                         (json_int_t)count_level(doctor, DOCTOR_WARNING), "good",
                         (json_int_t)count_level(doctor, DOCTOR_GOOD), "findings", findings));
}

int doctor_report(const struct doctor *doctor)
{
    size_t faults = count_level(doctor, DOCTOR_FAULT);
    if (doctor->session->globals->json) {
        print_json_report(doctor);
    } else {
        for (size_t level = 0; level < LEVELS; level++) {
            print_level(doctor, level);
        }
        if (doctor->left_out > 0) {
            (void)printf("%zu more findings are left out.\n", doctor->left_out);
        }
        (void)printf("%zu fault%s, %zu warnings, %zu good.%s\n", faults, faults == 1 ? "" : "s",
                     count_level(doctor, DOCTOR_WARNING), count_level(doctor, DOCTOR_GOOD),
                     doctor->unreachable ? " The daemon could not be asked." : "");
    }
    if (doctor->unreachable) {
        return CTL_RETRY_LATER;
    }
    return faults > 0 ? CTL_REFUSED : CTL_OK;
}
