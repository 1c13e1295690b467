// Certificates: a CA of our own, or one in a folder of `loyaltyctl cert`, and what it issues to the
// tills of a simulation. Files are DIR/NAME.pem and DIR/NAME.key.
#pragma once

#include <stdbool.h>

enum { PAPERS_PATH_BYTES = 512 };

struct papers;

// `authority`: the folder with ca.pem and ca.key; made there when `fresh`. What is issued stands in
// `folder`. NULL with the reason on stderr.
struct papers *papers_new(const char *authority, const char *folder, bool fresh);
void papers_free(struct papers *papers);

// To whom: "pos/shop-01/till-02"; in the trust domain vip.example.
bool papers_issue_client(struct papers *papers, const char *name, const char *unit);
// To a server at 127.0.0.1.
bool papers_issue_server(struct papers *papers, const char *name);
