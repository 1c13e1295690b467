// Answers for people and for programs: figures, instants, "name  value" lists and tables with
// columns; or the message itself as JSON.
#pragma once

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/session.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "loyalty/v1/common.pb-c.h"

enum { PRINT_TEXT_BYTES = 64, PRINT_COLUMNS_MAX = 8 };

// --- pieces; each returns `out` ---

// "1,234,567" and "12.34 CNY".
const char *print_number(int64_t number, char out[PRINT_TEXT_BYTES]);
const char *print_amount(int64_t minor, const char *currency, char out[PRINT_TEXT_BYTES]);
// "2026-06-01 00:00:00 +0800" in the environment's zone, "never" for an absent one.
const char *print_instant(const Google__Protobuf__Timestamp *instant, char out[PRINT_TEXT_BYTES]);

// --- "name  value" lists, values in one column ---

void print_row(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_row_number(const char *name, int64_t number);
void print_row_instant(const char *name, const Google__Protobuf__Timestamp *instant);
void print_standing(const Loyalty__V1__Standing *standing);
// "300 until ..." for each lot; nothing for none.
void print_lots(const char *name, Loyalty__V1__Lot *const *lots, size_t count);
// "silver, from ... until ..., at the re-scoring"; nothing for NULL.
void print_card(const char *name, const Loyalty__V1__Card *card);

// --- tables with a header; cells are copied ---

struct print_table;
// `right` has a bit for each column that is set to the right.
struct print_table *print_table_new(size_t columns, unsigned right, const char *const *headers);
void print_table_add(struct print_table *table, const char *const *cells);
// Writes and frees.
void print_table_end(struct print_table *table);

// --- JSON ---

// The answer to stdout as an object with the contract's field names, plain integers and short enum
// values; `outcome` goes in when `mutation`. Returns an exit code.
int print_json(const struct session *session, const ProtobufCMessage *message, bool mutation);
// The same in two steps, for who has more to say: the message as a tree, NULL (and said so) if it
// cannot be one; a tree to stdout, which frees it.
json_t *print_message_tree(const ProtobufCMessage *message);
void print_tree(json_t *tree);
