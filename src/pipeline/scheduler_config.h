/*
 * scheduler_config.h - scheduler/scheduler_config.json of a model, and what the model advises.
 * Source: diffusers' scheduler classes; a missing key means the class default.
 */
#pragma once

#include "base/error.h"
#include "pipeline/params.h"
#include "sample/sampler.h"
#include "sample/schedule.h"

typedef struct lt_scheduler_config {
    char class_name[64];     /* "PNDMScheduler": which one the model was published with */
    lt_schedule_config base; /* betas, prediction type, spacing: what every sampler starts from */
    char sampler[32];        /* the advice, else the published class if we have it, else "lms" */
    int steps;               /* the model's own advice, or 30 */
    double guidance_scale;   /* the model's own advice, or 7.5 */
} lt_scheduler_config;

/* dir: the scheduler's directory, or NULL: Stable Diffusion 1.x's numbers.  model: the model's
 * directory, whose file latentty.json (optional) holds the advice: {"scheduler": "lms", "steps":
 * 30, "guidance_scale": 7.5}. */
bool lt_scheduler_config_read(const char *dir, const char *model, lt_scheduler_config *out,
                              lt_error *err) LT_WARN_UNUSED;

/* The sampler and the schedule of a run, from its settings or the model's advice: all of the steps
 * asked for.  LT_ERR_ARGUMENT for a name or a number of steps that is none.  *out is the caller's.
 */
bool lt_scheduler_schedule(const lt_scheduler_config *model, const lt_params *p,
                           const lt_sampler **sampler, lt_schedule *out,
                           lt_error *err) LT_WARN_UNUSED;
