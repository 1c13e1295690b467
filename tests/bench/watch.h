// The CPU that other processes, a daemon and its Redis say, use during the timed part of a load.
// One set of them for the whole program.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// "NAME=PID". False if it is nothing of the kind, if there is no such process, or if they are too
// many. The name stays the caller's.
bool watch_add(char *name_and_pid);
// The timed part begins; it is over.
void watch_begin(void);
void watch_end(void);
// Prints `NAME_cpu`, user and system time in microseconds an operation, a line for each.
void watch_print(double operations);
