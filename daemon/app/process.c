// Read from /proc/self at each telling; what cannot be read is not told.
#include "app/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
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
    struct rusage used = {0};
    struct rlimit limit = {0};
    metrics_tell(out, &resident, resident_bytes());
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
