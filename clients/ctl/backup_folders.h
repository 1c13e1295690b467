// The folder of backups: DIR/<instant>/, and DIR/<instant>.part/ while one is made.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Makes the folder of one in the making and locks it for as long as the descriptor is open, which
// is the caller's; below 0 errno says why.
int backup_begin(const char *path);
// Removes what others have left half made, by a kill or a power cut; nobody's who is still at it.
void backup_drop_left(const char *to);
// Removes a backup, whole or not; false: errno says why.
bool backup_remove(const char *folder);
// Older complete ones but for `keep` go; 0 keeps all. An exit code, as below.
int backup_drop_old(const char *name, const char *to, uint32_t keep);
int backup_sync_folder(const char *name, const char *path);
