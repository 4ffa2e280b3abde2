/*
 * command.h - one command of the program, and what it is given.
 */
#pragma once

#include "cli/args.h"
#include "cli/config.h"
#include "tensor/backend.h"

/* Everything is borrowed. */
typedef struct lt_context {
    const lt_backend_ops *const *backends;
    const lt_args *args;
    const lt_config *config; /* NULL: of a command that follows no file, or --no-config */
    lt_progress *progress;   /* cancelled by a signal */
    bool json, quiet;
} lt_context;

typedef struct lt_command {
    const char *name, *summary;
    const char *synopsis; /* after the name */
    const char *about;    /* paragraphs, wrapped when shown */
    const char *operand;  /* the word that it needs, or NULL */
    int operands;         /* how many it takes at most; 0: one where it needs one */
    const char *example;
    const lt_option *options;
    int option_count;
    const char *const *settings; /* rows of params.def by flag, NULL-terminated; or NULL */
    bool configured;             /* the user's file of settings holds for it (config.h) */
    bool (*run)(const lt_context *c, lt_error *err);
} lt_command;

extern const lt_command lt_command_tokens, lt_command_encode, lt_command_roundtrip,
    lt_command_noise, lt_command_schedule, lt_command_rng, lt_command_render, lt_command_info,
    lt_command_bench, lt_command_doctor, lt_command_studio, lt_command_history, lt_command_config,
    lt_command_reproduce, lt_command_lesson;

/* Rows for the settings of a command that makes pictures. */
#define LT_SETTINGS_OF_A_PICTURE                                                                   \
    "negative-prompt", "guidance-scale", "steps", "size", "scheduler", "timestep-spacing",         \
        "variation-seed", "variation-strength", "init-image", "strength", "vae-tiling"
#define LT_SETTINGS_OF_A_MODEL                                                                     \
    "model", "unet", "vae", "text-encoder", "tokenizer", "variant", "backend", "dtype", "device",  \
        "threads"

#define LT_COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
