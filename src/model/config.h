/*
 * config.h - reading a component's config.json, strictly where it matters.
 *
 * A missing key means the class default of diffusers; null means the same, except where a getter
 * says otherwise.  Keys that are not asked for are ignored.  The first fault is kept and every
 * later call returns a default, so that a reader is straight-line; lt_config_close reports it. One
 * thread.  Sources: diffusers' UNet2DConditionModel, AutoencoderKL and transformers'
 * CLIPTextConfig, whose defaults the callers state.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

typedef struct lt_config lt_config;

/* Reads a JSON object from a file of at most 4 MiB. */
bool lt_config_open(const char *path, lt_config **out, lt_error *err) LT_WARN_UNUSED;
/* Frees c; false with the first fault. */
bool lt_config_close(lt_config *c, lt_error *err) LT_WARN_UNUSED;

bool lt_config_has(const lt_config *c, const char *key);     /* present, null or not */
bool lt_config_is_null(const lt_config *c, const char *key); /* present and null */
/* From now on keys are looked up in the object c[key], if there is one (CLIPModel's text_config).
 */
void lt_config_descend(lt_config *c, const char *key);

int lt_config_int(lt_config *c, const char *key, int missing, int least, int most);
double lt_config_number(lt_config *c, const char *key, double missing, double least, double most);
bool lt_config_bool(lt_config *c, const char *key, bool missing);
/* Borrowed from c. */
const char *lt_config_string(lt_config *c, const char *key, const char *missing);
/* A number for all `count` places, or a list of exactly `count` numbers. */
void lt_config_ints(lt_config *c, const char *key, int missing, int least, int most, int count,
                    int *out);
/* The length of a list and its strings or numbers; 0 if missing. */
int lt_config_length(lt_config *c, const char *key);
const char *lt_config_item(lt_config *c, const char *key, int i);
int lt_config_int_item(lt_config *c, const char *key, int i, int least, int most);

/* Refuses every value but the one that latentty computes with; missing and null are fine. */
void lt_config_only_string(lt_config *c, const char *key, const char *value);
void lt_config_only_bool(lt_config *c, const char *key, bool value);
void lt_config_only_int(lt_config *c, const char *key, int value, const char *hint);
void lt_config_only_null(lt_config *c, const char *key, const char *hint);
/* Refuses the value of key, whatever it is. */
void lt_config_refuse(lt_config *c, const char *key, const char *hint);
/* Keeps a fault of the caller's finding. */
void lt_config_fail(lt_config *c, const char *format, ...) LT_PRINTF(2, 3);
