// The table of commands: every command once, in its group, in the order help shows it. What else
// lists commands (help, completion, manual pages) walks it.
#include "ctl/commands.h"

#include <string.h>

enum { NAME_BYTES = 64, WORDS_MAX = 3 };

static const struct command members[] = {
    {"member enroll", "Enrol a member", member_enroll},
    {"member get", "Show where a member stands now", member_get},
    {"member log", "Show a member's records, newest first", member_log},
    {"member explain", "Explain a member's tier", member_explain},
    {"member status", "Suspend, reinstate or close a membership", member_status},
    {"member merge", "Merge a member into another", member_merge},
    {"member erase", "Forget a person", member_erase},
    {"member adjust", "Give or take points or score by hand", member_adjust},
    {"member grant", "Give a complimentary card up to a date", member_grant},
    {"member revoke", "End a member's card now", member_revoke},
    {"member identifier add", "Give a member one more identifier", member_identifier_add},
    {"member identifier replace", "Replace a lost card", member_identifier_replace},
    {"member identifier remove", "Take an identifier away", member_identifier_remove},
    {"member profile get", "Show what is known of a person", member_profile_get},
    {"member profile set", "Change what is known of a person", member_profile_set},
    {"pool create", "Make a pool", pool_create},
    {"pool member", "Take a member into a pool, or let one go", pool_member},
    {"pool list", "List who belongs to a pool", pool_list},
};

static const struct command points[] = {
    {"quote", "Say what a sale would earn", points_quote},
    {"award", "Award a sale", points_award},
    {"redeem", "Spend points", points_redeem},
    {"reserve", "Set points aside", points_reserve},
    {"capture", "Spend points that were set aside", points_capture},
    {"release", "Give back points that were set aside", points_release},
    {"reverse", "Take back a sale, a redemption or a reservation", points_reverse},
    {"outcome", "Ask what became of a request", points_outcome},
    {"opening", "Bring over a member's points, score and card", opening_balance},
};

static const struct command perks[] = {
    {"contribution report", "Report a partner's contribution", contribution_report},
    {"contribution reduce", "Reduce a contribution", contribution_reduce},
    {"contribution end", "End a contribution", contribution_end},
    {"perk list", "Show what a member's card gives, and what is left", perk_list},
    {"perk use", "Use a perk", perk_use},
    {"perk reverse", "Take a perk's use back", perk_reverse},
    {"perk code", "Issue a code for a member's app to show", perk_code},
    {"perk settlement", "List what a partner did in a month", perk_settlement},
};

static const struct command program[] = {
    {"program check", "Check a program's document, without a server", program_check},
    {"program publish", "Publish a version of the program", program_publish},
    {"program list", "List the program's versions", program_list},
    {"program show", "Show a version of the program", program_show},
    {"program diff", "Show what a version or a file changes", program_diff},
    {"program whatif", "Say what a program would change", program_whatif},
    {"program withdraw", "Take back a version that is not in force yet", program_withdraw},
    {"rescore plan", "Compute the moves of a re-scoring, and keep them", rescore_plan},
    {"rescore moves", "List a plan's moves with their arithmetic", rescore_moves},
    {"rescore run", "Make a re-scoring durable for everyone", rescore_run},
    {"rescore calendar", "Write when the program re-scores, for a timer", rescore_calendar},
};

static const struct command tills[] = {
    {"till terms", "Show what a till has to know", till_terms},
    {"till reconcile", "Compare a terminal's business day, and close it", till_reconcile},
};

static const struct command ledger[] = {
    {"events tail", "Show events as they happen", events_tail},
    {"events consumers", "List who subscribes to events", events_consumers},
    {"events delete", "Forget a consumer of events", events_delete},
    {"import members", "Bring over members from a file", import_members},
    {"import sales", "Backfill past sales from a file", import_sales},
    {"audit list", "List what was done by hand in a month", audit_list},
    {"audit verify", "Check the chain of a month's audit", audit_verify},
    {"verify", "Check accounts' logs: chain, contents and figures", verify_accounts},
    {"archive check", "Read an archive from end to end", archive_check_folder},
    {"archive index", "Make an archive's index anew", archive_rebuild_index},
    {"archive", "Move what compaction cut off into files", archive_run},
};

static const struct command operating[] = {
    {"operations list", "List what the service is at, and has been at", operations_list_all},
    {"operations show", "Show how far an operation is", operations_show},
    {"operations wait", "Wait for an operation", operations_wait_for},
    {"operations cancel", "Stop an operation", operations_cancel_one},
    {"operations delete", "Forget an operation that is done", operations_delete_one},
    {"clock show", "Show the service's clock", clock_show},
    {"clock set", "Set the test clock of a sandbox forward", clock_set},
    {"status", "Show how a daemon is", daemon_status},
    {"top", "Watch a daemon at work", daemon_top},
    {"show connections", "List who is connected to a daemon", show_connections},
    {"show partitions", "List the ledger's partitions", show_partitions},
    {"show jobs", "List what the service is working on", show_jobs},
    {"show consumers", "List who subscribes to events, and how far behind", show_consumers},
    {"show config", "List a daemon's options and where they come from", show_config},
    {"doctor", "Look for what is wrong, and say what to do", doctor},
};

static const struct command safe[] = {
    {"backup check", "Verify a backup", backup_check},
    {"backup", "Make a verified copy of the ledger while it serves", backup_make},
    {"restore", "Fill an empty Redis from a backup", backup_restore},
};

static const struct command local[] = {
    {"cert ca", "Make a certificate authority in a folder", cert_ca},
    {"cert issue", "Issue a certificate for a client or a server", cert_issue},
    {"context list", "List the servers that are known by name", context_list},
    {"context show", "Show which server commands go to, and why", context_show},
    {"context set", "Name a server", context_set},
    {"context use", "Choose the server that commands go to", context_use},
    {"context delete", "Forget a server", context_delete},
    {"completion bash", "Write what bash needs to complete commands", completion_bash},
};

#define GROUP(title, rows)                                                                         \
    {                                                                                              \
        title, rows, sizeof(rows) / sizeof((rows)[0])                                              \
    }

static const struct command_group groups[] = {
    GROUP("Members", members),
    GROUP("Points", points),
    GROUP("Perks and partners", perks),
    GROUP("The program and its re-scorings", program),
    GROUP("Tills", tills),
    GROUP("The ledger", ledger),
    GROUP("Operating a daemon", operating),
    GROUP("Backups", safe),
    GROUP("Certificates, contexts and the shell", local),
};

const struct command_group *commands_groups(size_t *ret_count)
{
    *ret_count = sizeof(groups) / sizeof(groups[0]);
    return groups;
}

// How many words of the line this command takes; 0 if it is another.
static int matched_words(const struct command *command, int argc, char **argv)
{
    char words[NAME_BYTES] = "";
    for (int count = 1; count <= argc && count <= WORDS_MAX; count++) {
        size_t len = strlen(words);
        (void)snprintf(words + len, sizeof(words) - len, "%s%s", count == 1 ? "" : " ",
                       argv[count - 1]);
        if (strcmp(words, command->words) == 0) {
            return count;
        }
    }
    return 0;
}

const struct command *commands_find(int argc, char **argv, int *ret_words)
{
    const struct command *found = NULL;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            int words = matched_words(&groups[i].commands[j], argc, argv);
            if (words > 0 && (found == NULL || words > *ret_words)) {
                found = &groups[i].commands[j];
                *ret_words = words;
            }
        }
    }
    return found;
}

void commands_help(FILE *out)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        (void)fprintf(out, "%s%s:\n", i == 0 ? "" : "\n", groups[i].title);
        for (size_t j = 0; j < groups[i].count; j++) {
            (void)fprintf(out, "  %-26s %s\n", groups[i].commands[j].words,
                          groups[i].commands[j].summary);
        }
    }
}
