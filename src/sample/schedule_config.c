/* schedule_config.c - the words of scheduler_config.json and the ranges of its numbers. */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "sample/schedule.h"

/* In the order of their enumerations. */
static const char *const BETAS[] = {"linear", "scaled_linear", "squaredcos_cap_v2", NULL};
static const char *const PREDICTIONS[] = {"epsilon", "v_prediction", NULL};
static const char *const SPACINGS[] = {"unset", "linspace", "leading", "trailing", NULL};
static const char *const FINALS[] = {"zero", "sigma_min", NULL};
static const char *const INTERPOLATIONS[] = {"linear", NULL};
static const char *const TIMESTEP_TYPES[] = {"discrete", NULL};

lt_schedule_config lt_schedule_config_default(void)
{
    return (lt_schedule_config){.num_train_timesteps = 1000,
                                .beta_start = 0.0001,
                                .beta_end = 0.02,
                                .beta_schedule = LT_BETA_LINEAR,
                                .prediction_type = LT_PREDICT_EPSILON,
                                .timestep_spacing = LT_SPACING_UNSET,
                                .final_sigmas_type = LT_FINAL_ZERO};
}

/* A key, the words it may have, and the first of them that a file or user may say. */
typedef struct vocabulary {
    const char *key;
    const char *const *words;
    int first;
} vocabulary;

static bool find(const vocabulary *v, const char *value, lt_error_code code, int *out,
                 lt_error *err)
{
    for (int i = v->first; v->words[i]; i++) {
        if (strcmp(v->words[i], value) == 0) {
            *out = i;
            return true;
        }
    }
    lt_buf known = {0}; /* "a, b or c" */
    for (int i = v->first; v->words[i]; i++)
        lt_buf_format(&known, "%s%s",
                      i == v->first     ? ""
                      : v->words[i + 1] ? ", "
                                        : " or ",
                      v->words[i]);
    char shown[128];
    lt_text_escape(shown, sizeof shown, value, strlen(value));
    lt_fail(err, code, NULL, "'%s' is '%s', expected %s", v->key, shown, known.data);
    lt_buf_done(&known);
    return false;
}

bool lt_schedule_config_set_word(lt_schedule_config *config, const char *key, const char *value,
                                 lt_error *err)
{
    static const vocabulary keys[] = {
        {"beta_schedule", BETAS, 0},
        {"prediction_type", PREDICTIONS, 0},
        {"timestep_spacing", SPACINGS, LT_SPACING_LINSPACE},
        {"final_sigmas_type", FINALS, 0},
        {"interpolation_type", INTERPOLATIONS, 0},
        {"timestep_type", TIMESTEP_TYPES, 0},
    };
    const vocabulary *v = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i].key) == 0)
            v = &keys[i];
    if (!v)
        return true;
    int found;
    if (!find(v, value, LT_ERR_MODEL, &found, err))
        return false;
    if (v->words == BETAS)
        config->beta_schedule = (lt_beta_schedule)found;
    else if (v->words == PREDICTIONS)
        config->prediction_type = (lt_prediction)found;
    else if (v->words == SPACINGS)
        config->timestep_spacing = (lt_spacing)found;
    else if (v->words == FINALS)
        config->final_sigmas_type = (lt_final_sigma)found;
    return true;
}

bool lt_schedule_config_set_flag(lt_schedule_config *config, const char *key, bool value,
                                 lt_error *err)
{
    if (strcmp(key, "use_karras_sigmas") == 0)
        config->use_karras_sigmas = value;
    else if (strcmp(key, "rescale_betas_zero_snr") == 0)
        config->rescale_betas_zero_snr = value;
    else if (value &&
             (strcmp(key, "use_exponential_sigmas") == 0 || strcmp(key, "use_beta_sigmas") == 0))
        return lt_fail(err, LT_ERR_MODEL, NULL, "'%s' is 'true', expected false", key);
    return true;
}

static bool check_beta(const char *key, double value, lt_error *err)
{
    if (value > 0 && value < 1)
        return true;
    return lt_fail(err, LT_ERR_MODEL, NULL, "'%s' is %g, expected between 0 and 1", key, value);
}

bool lt_schedule_config_check(const lt_schedule_config *config, lt_error *err)
{
    int train = config->num_train_timesteps;
    if (train < 2 || train > LT_SCHEDULE_MAX_TRAIN)
        return lt_fail(err, LT_ERR_MODEL, NULL, "'num_train_timesteps' is %d, expected 2 to %d",
                       train, LT_SCHEDULE_MAX_TRAIN);
    if (config->steps_offset < 0 || config->steps_offset > train)
        return lt_fail(err, LT_ERR_MODEL, NULL, "'steps_offset' is %d, expected 0 to %d",
                       config->steps_offset, train);
    return check_beta("beta_start", config->beta_start, err) &&
           check_beta("beta_end", config->beta_end, err);
}

bool lt_spacing_parse(const char *word, lt_spacing *out, lt_error *err)
{
    const vocabulary v = {"timestep spacing", SPACINGS, LT_SPACING_LINSPACE};
    int found;
    if (!find(&v, word, LT_ERR_ARGUMENT, &found, err))
        return false;
    *out = (lt_spacing)found;
    return true;
}

const char *lt_beta_schedule_name(lt_beta_schedule value)
{
    return BETAS[value];
}

const char *lt_prediction_name(lt_prediction value)
{
    return PREDICTIONS[value];
}

const char *lt_spacing_name(lt_spacing value)
{
    return SPACINGS[value];
}

const char *lt_final_sigma_name(lt_final_sigma value)
{
    return FINALS[value];
}
