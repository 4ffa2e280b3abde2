/*
 * schedule.c - betas, abar, timesteps and sigmas.
 *
 * T: training timesteps.  n: steps.  Which operation is in float32 and which in double follows
 * torch and numpy, so that the tables have diffusers' bits; square roots of tensors are the
 * exception: torch's are not always correctly rounded, these are (1 ulp apart at most).
 */
#include "sample/schedule.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/panic.h"

/* Element i of torch.linspace(from, to, count) in float32: from both ends, with fused steps. */
static float linspace_float(float from, float to, int count, int i)
{
    float step = (to - from) / (float)(count - 1);
    if (i < count / 2)
        return fmaf(step, (float)i, from);
    return fmaf(-step, (float)(count - 1 - i), to);
}

/* Element i of numpy.linspace(0, to, count), in double. */
static double linspace_double(double to, int count, int i)
{
    if (count == 1)
        return 0;
    return i == count - 1 ? to : (double)i * (to / (count - 1));
}

/* The cosine schedule's abar at u in 0..1; Nichol and Dhariwal 2021, eq. 17, s = 0.008. */
static double cosine_abar(double u)
{
    double c = cos((u + 0.008) / 1.008 * 3.14159265358979323846 / 2);
    return c * c;
}

/* beta_t, 0 <= t < T. */
static float beta_at(const lt_schedule_config *c, int t)
{
    int train = c->num_train_timesteps;
    switch (c->beta_schedule) {
    case LT_BETA_LINEAR:
        return linspace_float((float)c->beta_start, (float)c->beta_end, train, t);
    case LT_BETA_SCALED_LINEAR: {
        float root = linspace_float((float)sqrt(c->beta_start), (float)sqrt(c->beta_end), train, t);
        return root * root;
    }
    case LT_BETA_SQUAREDCOS_CAP_V2: {
        double here = cosine_abar((double)t / train), next = cosine_abar((double)(t + 1) / train);
        return (float)fmin(1 - next / here, 0.999); /* capped as in Nichol 2021 */
    }
    }
    return 0;
}

double lt_schedule_beta(const lt_schedule_config *config, int t)
{
    LT_ASSERT(t >= 0 && t < config->num_train_timesteps);
    return (double)beta_at(config, t);
}

/* betas [T] in place to abar [T]: torch.cumprod of float32 has a double accumulator. */
static void accumulate(float *v, int train)
{
    double product = 1;
    for (int t = 0; t < train; t++) {
        product *= (double)(1.0f - v[t]);
        v[t] = (float)product;
    }
}

/* abar [T] of betas that are rescaled to end in pure noise; Lin 2023, algorithm 1. */
static void rescale_zero_snr(float *v, int train)
{
    float first = sqrtf(v[0]), last = sqrtf(v[train - 1]);
    float scale = first / (first - last);
    for (int t = 0; t < train; t++) {
        float root = (sqrtf(v[t]) - last) * scale;
        v[t] = root * root;
    }
    float before = v[0];
    v[0] = 1.0f - v[0];
    for (int t = 1; t < train; t++) {
        float abar = v[t];
        v[t] = 1.0f - abar / before; /* beta_t again: the detour rounds as diffusers does */
        before = abar;
    }
    accumulate(v, train);
    v[train - 1] = 0x1p-24f; /* diffusers' stand-in for 0, so that no sigma is infinite */
}

double lt_sigma_abar(double sigma)
{
    return 1 / (sigma * sigma + 1);
}

static float sigma_of(float abar)
{
    return sqrtf((1.0f - abar) / abar);
}

/* table [T]: sigma_t, usable at both ends and growing, or an error. */
static bool sigma_table(const lt_schedule *s, float *table, lt_error *err)
{
    for (int t = 0; t < s->config.num_train_timesteps; t++) {
        table[t] = sigma_of(s->alphas_cumprod[t]);
        if (!(table[t] > 0) || !isfinite(table[t]) || (t > 0 && table[t] < table[t - 1]))
            return lt_fail(err, LT_ERR_MODEL, "check the scheduler's betas",
                           "noise schedule '%s' from %g to %g has sigma %g at timestep %d",
                           lt_beta_schedule_name(s->config.beta_schedule), s->config.beta_start,
                           s->config.beta_end, (double)table[t], t);
    }
    return true;
}

/* Timestep of step i, as the float32 that diffusers stores. */
static float spaced_timestep(const lt_schedule_config *c, int n, int i)
{
    int train = c->num_train_timesteps;
    switch (c->timestep_spacing) {
    case LT_SPACING_LEADING:
        return (float)((n - 1 - i) * (train / n) + c->steps_offset);
    case LT_SPACING_TRAILING: { /* numpy.arange(T, 0, -T/n): its stride is a rounded difference */
        double stride = (train - (double)train / n) - train;
        return (float)(rint(train + i * stride) - 1);
    }
    default:
        return (float)linspace_double(train - 1, n, n - 1 - i);
    }
}

/* numpy.interp of the table at t. */
static double sigma_at(const float *table, int train, float t)
{
    if (t <= 0)
        return (double)table[0];
    if (t >= (float)(train - 1))
        return (double)table[train - 1];
    int low = (int)t;
    double slope = (double)table[low + 1] - (double)table[low];
    return slope * ((double)t - low) + (double)table[low];
}

/* The fractional timestep of a sigma, linear in ln sigma; logs are float32 as numpy has them. */
static float timestep_of(const float *table, int train, double sigma)
{
    double x = log(fmax(sigma, 1e-10));
    int low = 0, above = train;
    while (above - low > 1) { /* the last entry that is not above x; the table grows */
        int middle = low + (above - low) / 2;
        if (x - (double)logf(table[middle]) >= 0)
            low = middle;
        else
            above = middle;
    }
    if (low > train - 2)
        low = train - 2;
    float log_low = logf(table[low]);
    double w = ((double)log_low - x) / (double)(log_low - logf(table[low + 1]));
    w = fmin(fmax(w, 0), 1);
    return (float)((1 - w) * low + w * (low + 1));
}

/* Karras 2022, eq. 5, between the ends that the spacing gave. */
static void set_karras(lt_schedule *s, const float *table, double largest, double smallest)
{
    const double rho = 7; /* Karras 2022, table 1 */
    double from = pow(largest, 1 / rho), to = pow(smallest, 1 / rho);
    for (int i = 0; i < s->steps; i++) {
        double sigma = pow(from + linspace_double(1, s->steps, i) * (to - from), rho);
        s->sigmas[i] = (float)sigma;
        s->timesteps[i] = timestep_of(table, s->config.num_train_timesteps, sigma);
    }
}

static void set_steps(lt_schedule *s, const float *table)
{
    int n = s->steps, train = s->config.num_train_timesteps;
    for (int i = 0; i < n; i++) {
        s->timesteps[i] = spaced_timestep(&s->config, n, i);
        s->sigmas[i] = (float)sigma_at(table, train, s->timesteps[i]);
    }
    if (s->config.use_karras_sigmas)
        set_karras(s, table, sigma_at(table, train, s->timesteps[0]),
                   sigma_at(table, train, s->timesteps[n - 1]));
    s->sigmas[n] = s->config.final_sigmas_type == LT_FINAL_SIGMA_MIN ? table[0] : 0.0f;
    float largest = fmaxf(s->sigmas[0], s->sigmas[n]);
    s->init_noise_sigma = s->config.timestep_spacing == LT_SPACING_LEADING
                              ? sqrtf(largest * largest + 1.0f)
                              : largest;
}

bool lt_schedule_init(lt_schedule *schedule, const lt_schedule_config *config, int n, lt_error *err)
{
    if (!lt_schedule_config_check(config, err))
        return false;
    int train = config->num_train_timesteps;
    if (n < 1 || n > train)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "steps is %d, expected 1 to %d", n, train);
    lt_schedule s = {.config = *config, .steps = n};
    if (s.config.timestep_spacing == LT_SPACING_UNSET)
        s.config.timestep_spacing = LT_SPACING_LINSPACE;
    s.alphas_cumprod = lt_alloc_array((size_t)train, sizeof(float));
    for (int t = 0; t < train; t++)
        s.alphas_cumprod[t] = beta_at(config, t);
    accumulate(s.alphas_cumprod, train);
    if (config->rescale_betas_zero_snr)
        rescale_zero_snr(s.alphas_cumprod, train);
    float *table = lt_alloc_array((size_t)train, sizeof(float));
    bool ok = sigma_table(&s, table, err);
    if (ok) {
        s.timesteps = lt_alloc_array((size_t)n, sizeof(float));
        s.sigmas = lt_alloc_array((size_t)n + 1, sizeof(float));
        set_steps(&s, table);
        *schedule = s;
    } else {
        lt_schedule_done(&s);
    }
    free(table);
    return ok;
}

int lt_schedule_begin(int n, double strength)
{
    int taken = (int)(n * strength);
    return n - (taken < n ? taken : n);
}

void lt_schedule_cut(lt_schedule *schedule, int begin)
{
    LT_ASSERT(schedule->begin == 0 && begin >= 0 && begin < schedule->steps);
    schedule->begin = begin;
    schedule->steps -= begin;
    schedule->timesteps += begin;
    schedule->sigmas += begin;
}

bool lt_schedule_copy(lt_schedule *to, const lt_schedule *from, lt_error *err)
{
    if (!lt_schedule_init(to, &from->config, from->begin + from->steps, err))
        return false;
    lt_schedule_cut(to, from->begin);
    return true;
}

void lt_schedule_done(lt_schedule *schedule)
{
    if (schedule->timesteps) {
        free(schedule->timesteps - schedule->begin);
        free(schedule->sigmas - schedule->begin);
    }
    free(schedule->alphas_cumprod);
    *schedule = (lt_schedule){0};
}

bool lt_schedule_add_noise(const lt_schedule *schedule, int t, const float *x0, const float *eps,
                           size_t n, float *out, lt_error *err)
{
    int train = schedule->config.num_train_timesteps;
    if (t < 0 || t >= train)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "timestep is %d, expected 0 to %d", t,
                       train - 1);
    float abar = schedule->alphas_cumprod[t];
    float keep = sqrtf(abar), add = sqrtf(1.0f - abar);
    for (size_t i = 0; i < n; i++)
        out[i] = keep * x0[i] + add * eps[i];
    return true;
}

void lt_schedule_noised(const lt_schedule *schedule, const float *x0, const float *eps, size_t n,
                        float *out)
{
    float sigma = schedule->sigmas[0];
    for (size_t i = 0; i < n; i++)
        out[i] = x0[i] + eps[i] * sigma;
}
