/*
 * args.h - the words of a command line, read by a table of options.
 *
 * --name value, --name=value, -n value, -nvalue; `--` ends the options.  A value may be a negative
 * number; any other value that starts with a dash is given as --name=value.  Every fault is
 * LT_ERR_ARGUMENT; an unknown name is answered with the nearest one.
 */
#pragma once

#include "base/error.h"

typedef struct lt_option {
    const char *name;     /* without dashes */
    char letter;          /* or 0 */
    const char *metavar;  /* of its value; NULL: a switch */
    const char *fallback; /* what holds without it, in words; NULL: nothing to say */
    const char *help;
    bool many; /* may be repeated */
} lt_option;

typedef struct lt_arg {
    const lt_option *option;
    const char *value; /* NULL for a switch */
} lt_arg;

/* Options and texts are borrowed. */
typedef struct lt_args {
    lt_arg *given; /* owned, in the order of the command line */
    int given_count;
    const char **operands; /* owned: what is no option */
    int operand_count;
} lt_args;

/* argv [argc]: the words after the command.  Release *out with lt_args_done in both cases. */
bool lt_args_parse(const lt_option *options, int count, int argc, char *const *argv, lt_args *out,
                   lt_error *err) LT_WARN_UNUSED;
void lt_args_done(lt_args *args); /* {0} is fine */

bool lt_args_has(const lt_args *args, const char *name);
/* The value of an option, the first if it may be repeated; NULL if it was not given. */
const char *lt_args_value(const lt_args *args, const char *name);

/* A whole number in least..most and nothing else. */
bool lt_args_whole(const char *text, long long least, long long most, long long *out);
/* "4,4,64,64": at most `most` whole numbers from low to high into out; LT_ERR_ARGUMENT names the
 * option. */
typedef struct lt_args_list {
    const char *option;
    long long low, high;
    int most;
} lt_args_list;
bool lt_args_wholes(const lt_args_list *kind, const char *text, long long *out, int *count,
                    lt_error *err) LT_WARN_UNUSED;
