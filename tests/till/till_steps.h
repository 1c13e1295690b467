// Every step that leaves the process, counted: a write to the till's file, a send to the service. A
// test names the one at which the power goes, or says that the disk is full.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Before SQLite is used. `kill_at` 0: never. `torn`: half of that write is done.
void steps_init(uint64_t kill_at, bool torn);
// From now on every write finds the disk full, or no more.
void steps_disk_full(bool full);
uint64_t steps_taken(void);
