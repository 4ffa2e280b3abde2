/* args.c - see args.h. */
#include "cli/args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

/* ---- options ---- */

typedef struct table {
    const lt_option *options;
    int count;
} table;

static const char *name_at(const void *context, int i)
{
    const table *t = context;
    return i < t->count ? t->options[i].name : NULL;
}

static const lt_option *by_name(const table *t, const char *name, size_t n)
{
    for (int i = 0; i < t->count; i++)
        if (strlen(t->options[i].name) == n && strncmp(t->options[i].name, name, n) == 0)
            return &t->options[i];
    return NULL;
}

static const lt_option *by_letter(const table *t, char letter)
{
    for (int i = 0; i < t->count; i++)
        if (t->options[i].letter && t->options[i].letter == letter)
            return &t->options[i];
    return NULL;
}

static bool is_number(const char *s)
{
    return s[0] == '-' && ((s[1] >= '0' && s[1] <= '9') || s[1] == '.');
}

/* Looks like an option rather than like a value. */
static bool is_option(const char *s)
{
    return s[0] == '-' && s[1] != '\0' && !is_number(s);
}

static bool unknown(const table *t, const char *word, size_t n, lt_error *err)
{
    char *name = lt_strndup(word, n);
    lt_fail(err, LT_ERR_ARGUMENT, NULL, "unknown option '%s'", name);
    const char *bare = name + strspn(name, "-");
    const char *near = *bare ? lt_nearest(bare, name_at, t) : NULL;
    if (near)
        lt_fail_hint(err, "--%s", near);
    free(name);
    return false;
}

static bool add(lt_args *out, const lt_option *option, const char *value, lt_error *err)
{
    if (option->metavar && !option->many && lt_args_has(out, option->name))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--%s is given twice", option->name);
    out->given = lt_grow(out->given, (size_t)out->given_count + 1, sizeof *out->given);
    out->given[out->given_count++] = (lt_arg){.option = option, .value = value};
    return true;
}

/* Adds an option whose value stands in the same word (inside) or in the next one, which *i then
 * points at. */
static bool take(const lt_option *option, const char *inside, int argc, char *const *argv, int *i,
                 lt_args *out, lt_error *err)
{
    if (!option->metavar && inside)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "--%s takes no value, found '%s'", option->name,
                       inside);
    if (!option->metavar || inside)
        return add(out, option, inside, err);
    if (*i + 1 < argc && !is_option(argv[*i + 1]))
        return add(out, option, argv[++*i], err);
    lt_fail(err, LT_ERR_ARGUMENT, NULL, "--%s needs a value: %s", option->name, option->metavar);
    return *i + 1 < argc ? lt_fail_hint(err, "--%s=%s", option->name, argv[*i + 1]) : false;
}

bool lt_args_parse(const lt_option *options, int count, int argc, char *const *argv, lt_args *out,
                   lt_error *err)
{
    table t = {.options = options, .count = count};
    bool only_operands = false;
    *out = (lt_args){0};
    out->operands = lt_alloc_array((size_t)argc + 1, sizeof *out->operands);
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i], *equals = strchr(word, '=');
        if (only_operands || !is_option(word)) {
            out->operands[out->operand_count++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_operands = true;
            continue;
        }
        bool is_long = word[1] == '-';
        size_t n = is_long && equals ? (size_t)(equals - word) : is_long ? strlen(word) : 2;
        const lt_option *option = is_long ? by_name(&t, word + 2, n - 2) : by_letter(&t, word[1]);
        if (!option)
            return unknown(&t, word, n, err);
        const char *inside = is_long ? (equals ? equals + 1 : NULL) : word[2] ? word + 2 : NULL;
        if (!take(option, inside, argc, argv, &i, out, err))
            return false;
    }
    return true;
}

void lt_args_done(lt_args *args)
{
    free(args->given);
    free(args->operands);
    *args = (lt_args){0};
}

bool lt_args_has(const lt_args *args, const char *name)
{
    for (int i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].option->name, name) == 0)
            return true;
    return false;
}

const char *lt_args_value(const lt_args *args, const char *name)
{
    for (int i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i].option->name, name) == 0)
            return args->given[i].value;
    return NULL;
}

/* ---- numbers ---- */

/* Digits, with or without a minus, at *text, which moves past them. */
static bool scan_whole(const char **text, long long *out)
{
    const char *c = *text;
    bool negative = *c == '-';
    long long value = 0;
    c += negative;
    const char *digits = c;
    for (; *c >= '0' && *c <= '9'; c++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *c - '0', &value))
            return false;
    *out = negative ? -value : value;
    bool any = c > digits;
    *text = c;
    return any;
}

bool lt_args_whole(const char *text, long long lowest, long long most, long long *out)
{
    return scan_whole(&text, out) && *text == '\0' && *out >= lowest && *out <= most;
}

bool lt_args_wholes(const lt_args_list *kind, const char *text, long long *out, int *count,
                    lt_error *err)
{
    const char *c = text;
    int n = 0;
    bool ok = true;
    do {
        ok = n < kind->most && scan_whole(&c, &out[n]) && out[n] >= kind->low &&
             out[n] <= kind->high;
        n++;
    } while (ok && *c == ',' && c++);
    *count = n;
    if (ok && *c == '\0')
        return true;
    return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "--%s is '%s', expected up to %d whole numbers from %lld to %lld with commas "
                   "between them",
                   kind->option, text, kind->most, kind->low, kind->high);
}
