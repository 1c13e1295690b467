// Read from /proc/self at each telling; what cannot be read is not told.
#include "app/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static int64_t resident_bytes(void)
{
    int64_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%*s %" SCNd64, &pages) != 1) { // NOLINT(cert-err34-c): digits, the kernel's
        pages = 0;
    }
    (void)fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static int64_t open_descriptors(void)
{
    int64_t count = -3; // "." and "..", and the folder itself
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return 0;
    }
    while (readdir(folder) != NULL) { // NOLINT(concurrency-mt-unsafe): one thread
        count++;
    }
    (void)closedir(folder);
    return count;
}

// Seconds since 1970: the kernel counts ticks since it was booted. In whole milliseconds first: two
// clocks rounded alone would differ by a second now and then.
static int64_t read_start(void)
{
    char line[1024] = "";
    struct timespec now = {0};
    struct timespec up = {0};
    uint64_t ticks = 0;
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL) {
        return 0;
    }
    const char *rest = fgets(line, sizeof line, file) == NULL ? NULL : strrchr(line, ')');
    (void)fclose(file);
    if (rest == NULL || // NOLINTNEXTLINE(cert-err34-c): digits, the kernel's
        sscanf(rest,
               ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
               "%*d %" SCNu64,
               &ticks) != 1) {
        return 0;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)clock_gettime(CLOCK_BOOTTIME, &up);
    int64_t booted_ms = (now.tv_sec - up.tv_sec) * 1000 + (now.tv_nsec - up.tv_nsec) / 1000000;
    return (booted_ms + (int64_t)(ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK))) / 1000;
}

// The same at each telling, whatever is done to the clock: who watches takes another for a restart.
static int64_t started_at(void)
{
    static int64_t start;
    start = start != 0 ? start : read_start();
    return start;
}

void process_metrics(const struct metrics_out *out)
{
    static const struct metric_family resident = {"process_resident_memory_bytes", "Memory in use.",
                                                  METRIC_GAUGE};
    static const struct metric_family cpu = {"process_cpu_seconds_total", "Processor time used.",
                                             METRIC_COUNTER};
    static const struct metric_family descriptors = {"process_open_fds", "Open file descriptors.",
                                                     METRIC_GAUGE};
    static const struct metric_family most = {"process_max_fds", "File descriptors it may open.",
                                              METRIC_GAUGE};
    static const struct metric_family start = {
        "process_start_time_seconds", "When it was started, in seconds since 1970.", METRIC_GAUGE};
    struct rusage used = {0};
    struct rlimit limit = {0};
    metrics_tell(out, &resident, resident_bytes());
    metrics_tell(out, &start, started_at());
    metrics_tell(out, &descriptors, open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        metrics_tell(out, &most, (int64_t)limit.rlim_cur);
    }
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        out->family(out->context, &cpu);
        out->micros(out->context, NULL, 0,
                    (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
                        used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    }
}
