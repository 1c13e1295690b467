// Text and files: zones of tzdata cut small, rules of zones, past sales, command lines.
#include "fuzz/seeds.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/varint.h"

enum { FILE_BYTES_MAX = 64 * 1024, HEADER_BYTES = 44, CHANGES_KEPT = 6 };

// --- zones ---

static size_t count_at(const uint8_t *header, size_t index)
{
    const uint8_t *at = header + 20 + 4 * index;
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

static size_t part_bytes(const uint8_t *header, size_t time_bytes)
{
    return count_at(header, 0) + count_at(header, 1) + count_at(header, 2) * (time_bytes + 4) +
           count_at(header, 3) * (time_bytes + 1) + count_at(header, 4) * 6 + count_at(header, 5);
}

static void put(struct buffer *out, struct span bytes)
{
    CHECK(buffer_append(out, bytes) == STATUS_OK);
}

static void put_header(struct buffer *out, size_t changes, size_t types)
{
    uint8_t header[HEADER_BYTES] = "TZif2";
    header[20 + 4 * 3 + 3] = (uint8_t)changes;
    header[20 + 4 * 4 + 3] = (uint8_t)types;
    put(out, span_of(header, sizeof(header)));
}

// Without its 32-bit part, and only the last changes.
static void write_zone(const char *name, const char *path)
{
    static uint8_t file[FILE_BYTES_MAX];
    FILE *stream = fopen(path, "re");
    CHECK(stream != NULL);
    size_t len = fread(file, 1, sizeof(file), stream);
    CHECK(fclose(stream) == 0 && len > (size_t)2 * HEADER_BYTES);
    const uint8_t *header = file + HEADER_BYTES + part_bytes(file, 4);
    const uint8_t *times = header + HEADER_BYTES;
    size_t changes = count_at(header, 3);
    size_t types = count_at(header, 4);
    size_t dropped = changes > CHANGES_KEPT ? changes - CHANGES_KEPT : 0;
    const uint8_t *rule = times + part_bytes(header, 8);
    struct buffer seed;
    buffer_init(&seed, 0);
    put_header(&seed, 0, 0);
    put_header(&seed, changes - dropped, types);
    put(&seed, span_of(times + dropped * 8, (changes - dropped) * 8));
    put(&seed, span_of(times + changes * 8 + dropped, changes - dropped));
    put(&seed, span_of(times + changes * 9, types * 6));
    put(&seed, span_of(rule, len - (size_t)(rule - file)));
    seed_write("zone_files", name, buffer_span(&seed));
    buffer_fini(&seed);
}

void seeds_zones(void)
{
    static const struct {
        const char *name;
        const char *rule;
    } rules[] = {
        {"utc", "UTC0"},
        {"berlin", "CET-1CEST,M3.5.0,M10.5.0/3"},
        {"new-york", "EST5EDT,M3.2.0,M11.1.0"},
        {"lord-howe", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"},
        {"julian", "AAA3BBB,J60/-1:30:15,J365/24"},
        {"zero", "AAA-3BBB-4,0/-167,365/167"},
        {"no-changes", "EST5EDT"},
        {"one-change", "EST5EDT,M3.2.0"},
        {"too-far", "AAA25"},
    };
    write_zone("shanghai", "/usr/share/zoneinfo/Asia/Shanghai");
    write_zone("berlin", "/usr/share/zoneinfo/Europe/Berlin");
    write_zone("casablanca", "/usr/share/zoneinfo/Africa/Casablanca");
    write_zone("lord-howe", "/usr/share/zoneinfo/Australia/Lord_Howe");
    write_zone("apia", "/usr/share/zoneinfo/Pacific/Apia");
    write_zone("utc", "/usr/share/zoneinfo/UTC");
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        seed_write_text("zone_rules", rules[i].name, rules[i].rule);
    }
}

// --- loyaltyctl ---

static void write_arguments(const char *name, bool line, const char *text)
{
    char seed[1024];
    int len = snprintf(seed, sizeof(seed), "%c%s", line ? '\1' : '\2', text);
    CHECK(len > 0 && (size_t)len < sizeof(seed));
    seed_write("arguments", name, span_of(seed, (size_t)len));
}

void seeds_ctl(void)
{
    static const char *const values[] = {
        "12.34",
        "10000000000.00",
        "10000000000.01",
        "-5",
        "1000",
        "now",
        "now-2d",
        "now+90s",
        "2026-06-01T00:00:00+08:00",
        "2099-12-31T23:59:59.999Z",
        "2024-02-29",
        "0190d5a8-7f4e-7cc2-8d5b-000000000001",
        "card:4006381333931",
        "nobody:1",
    };
    seed_write_text("sales_files", "two-members",
                    "ID DATE PIECES DOLLARS\n 00001 19970101  1   11.77\n"
                    " 00002 19970112  1   12.00\n 00002 19970112  5   77.00\n"
                    "00001 19961231 0 0.5\r\n");
    seed_write_text("sales_files", "no-sale", "header\n");
    seed_write_text("sales_files", "bad-date", "h\na 20250229 1 1\n");
    seed_write_text("sales_files", "five-fields", "h\na 20250228 1 1 1");
    seed_write_text("sales_files", "most", "h\na 22001231 999999999 10000000000.00\n");
    write_arguments(
        "sale", true,
        "anna\n--amount\n12.34\n--category\nwine\n--amount=1\n--receipt\n17:2026-01-01\n"
        "--currency=CNY\n--channel\nshop\n--training\n-o\njson");
    write_arguments(
        "dated", true,
        "card:4006381333931\n--amount=1\n--date=2024-02-29\n--paid-with-points=0.5\n"
        "--unit=store-1\n--timeout=3\n--request-id=0190d5a8-7f4e-7cc2-8d5b-000000000001");
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "value-%zu", i);
        write_arguments(name, false, values[i]);
    }
}
