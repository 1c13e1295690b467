// What `backup`, `backup check` and `restore` do alike: a backup's file is loaded and proved.
#pragma once

#include "ctl/backup_manifest.h"
#include "ctl/globals.h"
#include "ctl/ledger_server.h"

extern const char backup_rdb_name[]; // "ledger.rdb"

// "FOLDER/NAME"
void backup_path(const char *folder, const char *name, char ret_path[BACKUP_PATH_BYTES]);
// Loads FOLDER/ledger.rdb into a private server and proves what is in it: totals->faults says what
// does not hold. An exit code; what is wrong is said on stderr.
int backup_prove(const char *name, const char *folder, struct ledger_totals *ret_totals);
// The file and its contents are what the manifest says.
int backup_compare(const char *name, const char *folder, const struct backup_manifest *manifest);
// The totals are those of the manifest; `of` names whose they are.
int backup_compare_totals(const char *name, const char *of, const struct ledger_totals *totals,
                          const struct backup_manifest *manifest);
// What it holds, for people or as JSON.
void backup_show(const struct globals *globals, const char *folder,
                 const struct backup_manifest *manifest);
