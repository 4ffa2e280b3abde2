/*
 * lms.c - linear multistep sampling: Adams-Bashforth with steps of any length, order 4 once there
 * is enough past.  Source: diffusers' LMSDiscreteScheduler, after Crowson's k-diffusion.
 */
#include "sample/sampler.h"

#include <string.h>

#include "base/panic.h"

/*
 * The polynomial is at most a cubic, so expanding it about the middle of the interval and
 * integrating term by term is exact: odd powers vanish.  diffusers integrates numerically, over
 * values rounded to float32, and is up to 1.4e-6 of the largest coefficient away.
 */
static double integrate_basis(const float *sigmas, int i, int order, int j)
{
    double low = (double)sigmas[i], high = (double)sigmas[i + 1];
    double middle = 0.5 * (low + high), half = 0.5 * (high - low);
    double poly[LT_LMS_ORDER] = {1}; /* coefficients by power of (tau - middle) */
    double scale = 1;
    for (int k = 0; k < order; k++) {
        if (k == j)
            continue;
        double node = (double)sigmas[i - k];
        scale *= (double)sigmas[i - j] - node;
        for (int p = LT_LMS_ORDER - 1; p > 0; p--)
            poly[p] = poly[p] * (middle - node) + poly[p - 1];
        poly[0] *= middle - node;
    }
    return 2 * (poly[0] * half + poly[2] * half * half * half / 3) / scale;
}

int lt_lms_coefficients(const lt_schedule *schedule, int i, double out[LT_LMS_ORDER])
{
    return lt_lms_coefficients_from(schedule, 0, i, out);
}

int lt_lms_coefficients_from(const lt_schedule *schedule, int first, int i,
                             double out[LT_LMS_ORDER])
{
    LT_ASSERT(first >= 0 && i >= first && i < schedule->steps);
    int known = i - first + 1, basis = first == 0 ? known + schedule->begin : known,
        order = basis < LT_LMS_ORDER ? basis : LT_LMS_ORDER;
    /* Two equal sigmas (leading timesteps beyond the table's end) make no basis: start after them.
     */
    for (int k = 1; k < order; k++)
        if (schedule->sigmas[i - k] <= schedule->sigmas[i - k + 1])
            order = k;
    int used = order < known ? order : known;
    for (int j = 0; j < LT_LMS_ORDER; j++)
        out[j] = j < used ? integrate_basis(schedule->sigmas, i, order, j) : 0;
    return used;
}

static void advance(const lt_schedule *schedule, const float *noise, lt_sampler_state *state)
{
    (void)noise;
    double coefficients[LT_LMS_ORDER];
    int order = lt_lms_coefficients_from(schedule, state->first, state->step, coefficients);
    const float *d[LT_LMS_ORDER];
    float c[LT_LMS_ORDER];
    for (int j = 0; j < order; j++) {
        d[j] = state->past + (size_t)((state->step - j) % state->slots) * state->n;
        c[j] = (float)coefficients[j];
    }
    for (size_t k = 0; k < state->n; k++) {
        float sum = c[0] * d[0][k];
        for (int j = 1; j < order; j++)
            sum += c[j] * d[j][k];
        state->x[k] += sum;
    }
}

static int weigh(const lt_schedule *schedule, int first, int i, double out[LT_LMS_ORDER],
                 double *noise)
{
    *noise = 0;
    return lt_lms_coefficients_from(schedule, first, i, out);
}

static lt_schedule_config from_model(const lt_schedule_config *model)
{
    lt_schedule_config c = *model;
    if (c.timestep_spacing == LT_SPACING_UNSET)
        c.timestep_spacing = LT_SPACING_LINSPACE;
    c.rescale_betas_zero_snr = false;
    c.final_sigmas_type = LT_FINAL_ZERO;
    return c;
}

/* LMSDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
 * num_train_timesteps=1000), whatever the model says: huggingface.co/blog/stable_diffusion. */
static lt_schedule_config from_blog(const lt_schedule_config *model)
{
    (void)model;
    return (lt_schedule_config){.num_train_timesteps = 1000,
                                .beta_start = 0.00085,
                                .beta_end = 0.012,
                                .beta_schedule = LT_BETA_SCALED_LINEAR,
                                .prediction_type = LT_PREDICT_EPSILON,
                                .timestep_spacing = LT_SPACING_LINSPACE};
}

const lt_sampler lt_sampler_lms = {.name = "lms",
                                   .label = "LMS",
                                   .slots = LT_LMS_ORDER,
                                   .config = from_model,
                                   .advance = advance,
                                   .weigh = weigh};

const lt_sampler lt_sampler_lms_blog = {.name = "lms-blog",
                                        .label = "LMS as in the blog",
                                        .slots = LT_LMS_ORDER,
                                        .config = from_blog,
                                        .advance = advance,
                                        .weigh = weigh};
