// The port's calls as the memory store takes them: what its table of operations points to. Internal
// to the memory store.
#pragma once

#include <stdint.h>

#include "store/store.h"

void memory_ask_load(struct store *store, const struct store_account *account, store_done_fn *done,
                     void *context);
void memory_ask_load_from(struct store *store, const struct store_account *account,
                          uint64_t from_bytes, store_done_fn *done, void *context);
void memory_ask_append(struct store *store, const struct store_append *append, store_done_fn *done,
                       void *context);
void memory_ask_compact(struct store *store, const struct store_compact *compact,
                        store_done_fn *done, void *context);
void memory_ask_claim(struct store *store, uint32_t partition, struct span key,
                      struct span member_id, struct span take_over_from, store_done_fn *done,
                      void *context);
void memory_ask_find(struct store *store, uint32_t partition, struct span key, store_done_fn *done,
                     void *context);
void memory_ask_scan(struct store *store, uint32_t partition, uint64_t cursor, uint32_t count,
                     store_scan_fn *done, void *context);
void memory_ask_head(struct store *store, uint64_t program_from_bytes, store_head_fn *done,
                     void *context);
void memory_ask_set_sandbox_clock(struct store *store, int64_t now_ms, store_done_fn *done,
                                  void *context);
void memory_ask_create_partitions(struct store *store, uint32_t count, store_done_fn *done,
                                  void *context);
void memory_ask_unclaim(struct store *store, uint32_t partition, struct span key,
                        struct span member_id, store_done_fn *done, void *context);
void memory_ask_due(struct store *store, const struct store_due *due, store_scan_fn *done,
                    void *context);
void memory_ask_get(struct store *store, const struct store_value *value, store_value_fn *done,
                    void *context);
void memory_ask_put(struct store *store, const struct store_put *put, store_value_fn *done,
                    void *context);
void memory_ask_list_values(struct store *store, store_scan_fn *done, void *context);
void memory_ask_list_set(struct store *store, uint32_t partition, struct span set,
                         store_scan_fn *done, void *context);
void memory_ask_read_events(struct store *store, const struct store_event_place *places,
                            size_t count, uint32_t events_max, store_events_fn *done,
                            void *context);
void memory_ask_trim_events(struct store *store, uint32_t partition, uint64_t keep,
                            store_done_fn *done, void *context);
void memory_ask_read_archive(struct store *store, const struct store_archive_place *place,
                             store_archive_fn *done, void *context);
void memory_ask_drop_archived(struct store *store, uint32_t partition, uint64_t through,
                              store_done_fn *done, void *context);
void memory_ask_survey(struct store *store, uint32_t from, uint32_t count, store_survey_fn *done,
                       void *context);
void memory_ask_rewrite(struct store *store, store_done_fn *done, void *context);
