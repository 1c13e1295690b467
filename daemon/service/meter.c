// Counts of requests by the names that gRPC's own servers use, so that dashboards made for these
// serve. They hold for all faces: a request of frames is counted like one of gRPC.
#include "service/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/histogram.h"
#include "service/method.h"

enum { CODES = 17, PART_BYTES = 64 };

struct method_meter {
    uint64_t codes[CODES]; // by gRPC's number, 0 is OK
    struct histogram took;
};

struct meter {
    struct method_meter unknown; // methods there are not
    struct method_meter methods[];
};

static const char *const code_names[CODES] = {
    "OK",       "Canceled",        "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",   "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",      "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated",
};

enum status meter_new(struct meter **ret_meter)
{
    struct meter *meter = calloc(1, sizeof(*meter) + method_count() * sizeof(struct method_meter));
    if (meter == NULL) {
        return STATUS_NO_MEMORY;
    }
    *ret_meter = meter;
    return STATUS_OK;
}

void meter_free(struct meter *meter)
{
    free(meter);
}

void meter_note(struct meter *meter, const struct method *method, Loyalty__V1__Code code,
                int64_t micros)
{
    struct method_meter *one =
        method == NULL ? &meter->unknown : &meter->methods[method_index(method)];
    unsigned at = (unsigned)code;
    one->codes[at < CODES ? at : LOYALTY__V1__CODE__CODE_UNKNOWN]++;
    histogram_note(&one->took, micros);
}

// --- telling ---

struct method_name {
    char service[PART_BYTES];
    const char *method;
};

// "/loyalty.v1.PointsService/Award"
static struct method_name name_of(const char *path)
{
    struct method_name name = {.method = strrchr(path, '/') + 1};
    (void)snprintf(name.service, sizeof(name.service), "%.*s", (int)(name.method - path - 2),
                   path + 1);
    return name;
}

static struct method_name name_at(size_t index)
{
    return index == method_count() ? (struct method_name){"unknown", "unknown"}
                                   : name_of(method_at(index)->path);
}

static const struct method_meter *meter_at(const struct meter *meter, size_t index)
{
    return index == method_count() ? &meter->unknown : &meter->methods[index];
}

static void tell_codes(const struct meter *meter, size_t index, const struct metrics_out *out)
{
    const struct method_meter *one = meter_at(meter, index);
    struct method_name name = name_at(index);
    for (size_t code = 0; code < CODES; code++) {
        const struct metric_label labels[] = {{"grpc_type", "unary"},
                                              {"grpc_service", name.service},
                                              {"grpc_method", name.method},
                                              {"grpc_code", code_names[code]}};
        if (one->codes[code] > 0) {
            out->whole(out->context, labels, sizeof labels / sizeof labels[0],
                       (int64_t)one->codes[code]);
        }
    }
}

static void tell_time(const struct meter *meter, size_t index, const struct metrics_out *out)
{
    const struct method_meter *one = meter_at(meter, index);
    struct method_name name = name_at(index);
    const struct metric_label labels[] = {
        {"grpc_type", "unary"}, {"grpc_service", name.service}, {"grpc_method", name.method}};
    if (one->took.count > 0) {
        out->histogram(out->context, labels, sizeof labels / sizeof labels[0], &one->took);
    }
}

void meter_tell(const struct meter *meter, const struct metrics_out *out)
{
    static const struct metric_family handled = {
        "grpc_server_handled_total",
        "Requests answered (streams left out), by method and code, over all faces.",
        METRIC_COUNTER};
    static const struct metric_family handling = {"grpc_server_handling_seconds",
                                                  "From a request to its answer, streams left out.",
                                                  METRIC_HISTOGRAM};
    out->family(out->context, &handled);
    for (size_t i = 0; i <= method_count(); i++) {
        tell_codes(meter, i, out);
    }
    out->family(out->context, &handling);
    for (size_t i = 0; i <= method_count(); i++) {
        tell_time(meter, i, out);
    }
}
