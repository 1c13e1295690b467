// What the options mean, for people: the reference that the man pages and doc/ are made of.
#pragma once

// `form` is "markdown" or "scdoc"; to stdout.
void option_dump_reference(const char *form);
