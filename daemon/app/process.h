// What the kernel says of this process, by the names that prometheus.io gives for it.
#pragma once

#include "base/metrics.h"

void process_metrics(const struct metrics_out *out);
