// Our own daemon: its port is the system's choice the first time and kept from then on.
#include "till/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "till/process.h"
#include "till/program.h"

enum {
    READY_STEPS = 600, // of 50 ms
    READY_STEP_NS = 50000000,
    PORT_BYTES = 16,
};

bool service_path(const char *folder, const char *name, char ret_path[SERVICE_PATH_BYTES])
{
    int len = snprintf(ret_path, SERVICE_PATH_BYTES, "%s/%s", folder, name);
    return len > 0 && len < SERVICE_PATH_BYTES;
}

struct places {
    char port[SERVICE_PATH_BYTES];
    char certificate[SERVICE_PATH_BYTES];
    char key[SERVICE_PATH_BYTES];
    char ca[SERVICE_PATH_BYTES];
    char ledger[SERVICE_PATH_BYTES];
    char log[SERVICE_PATH_BYTES];
};

static bool find_places(const struct service *service, struct places *ret_places)
{
    return service_path(service->folder, "port", ret_places->port) &&
           service_path(service->tls, "server.pem", ret_places->certificate) &&
           service_path(service->tls, "server.key", ret_places->key) &&
           service_path(service->tls, "ca.pem", ret_places->ca) &&
           service_path(service->folder, "ledger", ret_places->ledger) &&
           service_path(service->folder, "loyaltyd.log", ret_places->log);
}

static void pause_step(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = READY_STEP_NS}, NULL);
}

// Waits for the port's file; takes its port.
static bool take_port(struct service *service, const char *path)
{
    for (int step = 0; step < READY_STEPS && process_runs(service->daemon); step++) {
        char port[PORT_BYTES] = "";
        FILE *file = fopen(path, "re");
        if (file != NULL) {
            bool read = fgets(port, sizeof(port), file) != NULL;
            (void)fclose(file);
            port[strcspn(port, "\n")] = '\0';
            if (read && port[0] != '\0') {
                (void)snprintf(service->address, sizeof(service->address), "127.0.0.1:%s", port);
                return true;
            }
        }
        pause_step();
    }
    return false;
}

static bool start(struct service *service)
{
    struct places places;
    char program[PROCESS_PATH_BYTES];
    if (!find_places(service, &places)) {
        return false;
    }
    process_find("loyaltyd", program);
    const char *listen = service->address[0] == '\0' ? "127.0.0.1:0" : service->address;
    const char *const arguments[] = {
        program,       "--listen",   listen,        "--port-file",      places.port,
        "--tls-ca",    places.ca,    "--tls-cert",  places.certificate, "--tls-key",
        places.key,    "--embedded", places.ledger, "--partitions",     "64",
        "--log-level", "warning",    NULL};
    if (unlink(places.port) != 0 && errno != ENOENT) {
        return false;
    }
    service->daemon = process_start(arguments, places.log);
    return service->daemon > 0;
}

// The first time: then the port is known.
static bool start_and_wait(struct service *service)
{
    char path[SERVICE_PATH_BYTES];
    bool good =
        start(service) && service_path(service->folder, "port", path) && take_port(service, path);
    if (!good) {
        (void)fprintf(stderr, "loyalty-till: loyaltyd did not start; see %s/loyaltyd.log\n",
                      service->folder);
    }
    return good;
}

// Until it is ready for it: a daemon that has just started says UNAVAILABLE for a while.
static bool publish(const struct service *service, const struct plan *plan)
{
    char program[PROCESS_PATH_BYTES];
    char log[SERVICE_PATH_BYTES];
    char document[SERVICE_PATH_BYTES];
    process_find("loyaltyctl", program);
    const char *const arguments[] = {program,
                                     "--server",
                                     service->address,
                                     "--tls",
                                     service->tls,
                                     "program",
                                     "publish",
                                     document,
                                     "--effective-from",
                                     "1996-01-01T00:00:00+08:00",
                                     "--reason",
                                     "a simulation",
                                     NULL};
    if (!service_path(service->folder, "publish.log", log) ||
        !service_path(service->folder, "program.yaml", document) ||
        !program_write(plan->program, document)) {
        return false;
    }
    for (int step = 0; step < READY_STEPS; step++) {
        if (process_run(arguments, log)) {
            return true;
        }
        pause_step();
    }
    (void)fprintf(stderr, "loyalty-till: %s could not be published; see %s\n", plan->program, log);
    return false;
}

bool service_begin(struct service *service, const struct plan *plan)
{
    if (plan->server != NULL) {
        int len = snprintf(service->address, sizeof(service->address), "%s", plan->server);
        return len > 0 && (size_t)len < sizeof(service->address);
    }
    service->embedded = true;
    return start_and_wait(service) && publish(service, plan);
}

void service_kill(struct service *service)
{
    pid_t redis = process_child_of(service->daemon);
    if (redis > 0) {
        (void)kill(redis, SIGKILL);
    }
    process_kill(service->daemon);
    service->daemon = 0;
    service->kills++;
}

bool service_restart(struct service *service)
{
    return start(service);
}

bool service_lives(const struct service *service)
{
    return !service->embedded || service->daemon == 0 || process_runs(service->daemon);
}

bool service_end(struct service *service)
{
    pid_t daemon = service->daemon;
    service->daemon = 0;
    return !service->embedded || process_stop(daemon);
}
