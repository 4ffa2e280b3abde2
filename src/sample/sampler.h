/*
 * sampler.h - from the model's output to the next latents.
 *
 * x: latents in sampler space, flat float32 [n].  The model sees x / sqrt(sigma^2 + 1).  Every
 * sampler here is one of diffusers' sigma schedulers: step i turns the model's output into a
 * predicted clean x0 and a derivative d = (x - x0) / sigma_i, and moves x to sigma_{i+1}.
 * All of a picture's state is plain data in lt_sampler_state: copy it to rewind or fork.
 */
#pragma once

#include "sample/schedule.h"

#define LT_LMS_ORDER 4

typedef struct lt_sampler_state {
    size_t n;    /* values of x */
    int step;    /* steps taken; the next is step i of the schedule */
    int first;   /* derivatives are known from this step on: 0, unless lt_sampler_state_put */
    int slots;   /* derivatives that are kept */
    float *x;    /* [n], owned: set it to randn * init_noise_sigma, or with a picture to
                    lt_schedule_noised, before the first step */
    float *x0;   /* [n], inside x's memory: predicted by the last step, 0 before the first */
    float *past; /* [slots, n], inside x's memory: that of step i is in slot i mod slots */
} lt_sampler_state;

typedef struct lt_sampler {
    const char *name;  /* as a user writes it */
    const char *label; /* as a screen shows it */
    int slots;         /* derivatives kept, the present one included */
    bool stochastic;   /* every step, the last included, uses n normals */
    /* What a model's configuration means to this sampler: keys that its class does not have or sets
     * itself are replaced, an unset spacing becomes linspace. */
    lt_schedule_config (*config)(const lt_schedule_config *model);
    /* x of `state` to that of step + 1; its derivative is kept already.  noise: [n] or NULL. */
    void (*advance)(const lt_schedule *schedule, const float *noise, lt_sampler_state *state);
    /* What advance adds to x at step i, where derivatives are known from step `first` on: out[j]
     * times the derivative of step i - j for j below the number that is returned, and *noise times
     * the normals. */
    int (*weigh)(const lt_schedule *schedule, int first, int i, double out[LT_LMS_ORDER],
                 double *noise);
} lt_sampler;

/* Each is a file of its own. */
extern const lt_sampler lt_sampler_lms;      /* LMSDiscreteScheduler.from_config(the model's) */
extern const lt_sampler lt_sampler_lms_blog; /* the one that Hugging Face's blog constructs */
extern const lt_sampler lt_sampler_euler;    /* EulerDiscreteScheduler.from_config */
extern const lt_sampler lt_sampler_euler_a;  /* EulerAncestralDiscreteScheduler.from_config */

/* The i-th sampler in the order of lists and forms, the first being the default; NULL at the end.
 */
const lt_sampler *lt_sampler_at(int i);
/* By name; LT_ERR_ARGUMENT lists the known ones. */
bool lt_sampler_find(const char *name, const lt_sampler **out, lt_error *err) LT_WARN_UNUSED;

/* Zeroed state for n values, n > 0; LT_ERR_MEMORY. */
bool lt_sampler_state_init(lt_sampler_state *state, const lt_sampler *sampler, size_t n,
                           lt_error *err) LT_WARN_UNUSED;
void lt_sampler_state_done(lt_sampler_state *state); /* {0} is fine */
/* A deep copy into memory of its own; LT_ERR_MEMORY.  `to` is overwritten, not released. */
bool lt_sampler_state_copy(lt_sampler_state *to, const lt_sampler_state *from,
                           lt_error *err) LT_WARN_UNUSED;

/*
 * Goes on from a step of another run: x [n] before step `step`, and x0 [n] of the one before (NULL:
 * unknown).  Nothing is known of earlier derivatives, so a multistep sampler starts at order 1;
 * lt_sampler_state_know adds that of step i = state->first - 1, of which x before it and the x0
 * that it predicted are given, and may be called again for those before.  They are then the bytes
 * that the steps themselves would have left.
 */
void lt_sampler_state_put(lt_sampler_state *state, int step, const float *x, const float *x0);
void lt_sampler_state_know(lt_sampler_state *state, const lt_schedule *schedule, const float *x,
                           const float *x0);

/*
 * out [n] = x / sqrt(sigma_i^2 + 1), 0 <= i <= steps: what the model is given in step i, and what
 * the VAE should decode to show x before step i.  At i = steps with a final sigma of 0 it is x.
 */
void lt_sampler_scale(const lt_schedule *schedule, int i, const float *x, size_t n, float *out);

/* x0 [n] that a model's output [n] predicts for x before step i: x - sigma_i output, or what v
 * means (Salimans 2022, appendix D).  It is x times *of_x plus output times *of_output:
 * lt_sampler_x0_of.
 */
void lt_sampler_x0(const lt_schedule *schedule, int i, const float *x, const float *output,
                   size_t n, float *x0);
void lt_sampler_x0_of(const lt_schedule *schedule, int i, double *of_x, double *of_output);

/*
 * Takes step state->step, which must be below schedule->steps.  output [n]: the model's, after
 * guidance, for the scaled x at timesteps[step].  noise [n]: normals for a stochastic sampler, else
 * NULL.  Nothing allocates.
 */
void lt_sampler_step(const lt_sampler *sampler, const lt_schedule *schedule, const float *output,
                     const float *noise, lt_sampler_state *state);

/*
 * The coefficients of LMS at step i: x += sum of out[j] times the derivative of step i - j, for j
 * below the order, which is returned; the others are 0.  out[j] is the integral from sigma_i to
 * sigma_{i+1} of the j-th Lagrange polynomial on sigma_i, sigma_{i-1}, ...; they sum to sigma_{i+1}
 * - sigma_i.  The order is min(i + 1, LT_LMS_ORDER), less where sigmas repeat (leading timesteps
 * above T - 1), where diffusers divides by 0.
 */
int lt_lms_coefficients(const lt_schedule *schedule, int i, double out[LT_LMS_ORDER]);
/*
 * The same where derivatives are known from step `first` on only.  Where a schedule was cut and
 * `first` is 0, the basis is on the sigmas of the steps left out, too, whose derivatives do not
 * exist and count as 0: so diffusers' LMSDiscreteScheduler does in an image-to-image run (its order
 * is min(step_index + 1, 4), whatever it has kept).  The number of derivatives used is returned.
 */
int lt_lms_coefficients_from(const lt_schedule *schedule, int first, int i,
                             double out[LT_LMS_ORDER]);
