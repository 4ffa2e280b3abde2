/*
 * config.h - the user's file of settings: what holds where the command line says nothing.
 *
 * $XDG_CONFIG_HOME/latentty/latentty.conf, lines of `key = value` (base/conf.h).  The keys are the
 * flags of params.def, the seed, and the options of the studio (studio_options.h).  A mistake is
 * told with its line and costs that line only.
 */
#pragma once

#include "base/conf.h"
#include "cli/args.h"
#include "tensor/backend.h"

/* The keys in the order of lists; NULL at the end. */
const char *lt_config_key(int i);
const char *lt_config_fallback(int i); /* what holds without it, in words */

typedef struct lt_config_value {
    char *text; /* owned; NULL: not given */
    int line;
} lt_config_value;

typedef struct lt_config {
    char *path;              /* owned; NULL: there is no home directory */
    lt_config_value *values; /* owned: one for each key */
    lt_conf_faults faults;
} lt_config;

/* path: of the file, taken over; NULL: there is none, and nothing is given.  Values are checked as
 * on the command line, as far as that needs no model.  Release with lt_config_done. */
void lt_config_read(const lt_backend_ops *const *backends, char *path, lt_config *out);
void lt_config_done(lt_config *c); /* {0} is fine */

/* The value of a key; NULL: not given, also where c is NULL. */
const char *lt_config_value_of(const lt_config *c, const char *key);
