// What the last census counted, known to every daemon, and told.
#include <stdio.h>
#include <string.h>

#include "jobs/runner_parts.h"

static void take_tiers(struct census *census, const Loyaltyd__Job *job)
{
    census->at_ms = job->at_ms;
    census->tier_count = job->n_edges < JOB_EDGES_MAX ? job->n_edges : JOB_EDGES_MAX;
    for (size_t i = 0; i < census->tier_count; i++) {
        struct census_tier *tier = &census->tiers[i];
        *tier = (struct census_tier){
            .members = job->edges[i]->count,
            .points = job->edges[i]->points,
            .pending = job->edges[i]->pending,
        };
        snprintf(tier->tier, sizeof tier->tier, "%s", job->edges[i]->to_tier);
    }
}

static void on_read(struct job_update *update, enum store_result result,
                    const ProtobufCMessage *message)
{
    struct runner *runner =
        (struct runner *)(void *)((char *)update - offsetof(struct runner, update));
    const Loyaltyd__Job *job = (const Loyaltyd__Job *)message;
    if (result == STORE_OK) { // one that has gone or failed leaves the one before
        memcpy(runner->census.id, update->id, sizeof runner->census.id);
        if (job->ended_ms != 0 && job->error_code == 0) {
            take_tiers(&runner->census, job);
        }
    }
    runner_settled(runner, result);
}

bool runner_has_new_census(const struct runner *runner)
{
    return runner->census_id[0] != '\0' && strcmp(runner->census_id, runner->census.id) != 0;
}

void runner_read_census(struct runner *runner)
{
    struct job_update *update = &runner->update;
    update->service = runner->options.service;
    update->type = &loyaltyd__job__descriptor;
    update->list = false;
    memcpy(update->id, runner->census_id, sizeof update->id);
    update->change = NULL;
    update->on_done = on_read;
    job_read_begin(update);
}

static void tell_tiers(const struct census *census, const struct metrics_out *out)
{
    static const struct metric_family members = {
        "loyaltyd_members", "Members of the club by tier, as of the last census.", METRIC_GAUGE};
    static const struct metric_family points = {
        "loyaltyd_liability_points",
        "Points that members may spend or have set aside, less deficits, as of the last census.",
        METRIC_GAUGE};
    static const struct metric_family pending = {"loyaltyd_pending_points",
                                                 "Points not spendable yet, as of the last census.",
                                                 METRIC_GAUGE};
    static const struct metric_family *const families[] = {&members, &points, &pending};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        out->family(out->context, families[i]);
        for (size_t j = 0; j < census->tier_count; j++) {
            const struct census_tier *tier = &census->tiers[j];
            struct metric_label label = {"tier", tier->tier[0] == '\0' ? "other" : tier->tier};
            int64_t value = i == 0 ? (int64_t)tier->members : i == 1 ? tier->points : tier->pending;
            out->whole(out->context, &label, 1, value);
        }
    }
}

void runner_metrics(const struct runner *runner, const struct metrics_out *out)
{
    static const struct metric_family waiting = {
        "loyaltyd_jobs_open", "Operations that are not done, of the club.", METRIC_GAUGE};
    static const struct metric_family at_work = {
        "loyaltyd_jobs_at_work", "Whether this daemon works at an operation.", METRIC_GAUGE};
    static const struct metric_family visits = {
        "loyaltyd_job_visits_total", "Accounts that operations looked at here.", METRIC_COUNTER};
    static const struct metric_family age = {
        "loyaltyd_census_age_seconds", "Since the last census, by the shared clock.", METRIC_GAUGE};
    metrics_tell(out, &waiting, runner->id_count);
    metrics_tell(out, &at_work, runner->claimed.attempt != 0);
    metrics_tell(out, &visits, (int64_t)crew_visits(runner->crew));
    if (runner->census.at_ms == 0) {
        return;
    }
    int64_t now_ms = lease_now_ms(runner->options.service->lease);
    out->family(out->context, &age);
    out->micros(out->context, NULL, 0, (now_ms - runner->census.at_ms) * 1000);
    tell_tiers(&runner->census, out);
}
