/* a1111.c - see a1111.h. */
#include "pipeline/a1111.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static const char negative_mark[] = "Negative prompt: ", settings_mark[] = "Steps: ";

/* The last line that starts with `mark`; NULL if there is none. */
static const char *last_line(const char *text, const char *mark)
{
    const char *found = NULL;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, mark, strlen(mark)) == 0)
            found = line;
    }
    return found;
}

/* [from, to) without the newlines at its end. */
static char *part(const char *from, const char *to)
{
    while (to > from && (to[-1] == '\n' || to[-1] == '\r'))
        to--;
    return lt_strndup(from, (size_t)(to - from));
}

/* A value at *c, quoted or up to a comma; *c moves behind it. */
static char *value_at(const char **c)
{
    lt_buf value = {0};
    lt_buf_str(&value, "");
    bool quoted = **c == '"';
    *c += quoted;
    while (**c && **c != '\n' && **c != (quoted ? '"' : ',')) {
        if (quoted && **c == '\\' && (*c)[1]) {
            ++*c;
            lt_buf_char(&value, **c == 'n' ? '\n' : **c == 't' ? '\t' : **c);
        } else {
            lt_buf_char(&value, **c);
        }
        ++*c;
    }
    *c += quoted && **c == '"';
    return value.data;
}

static void parse_fields(const char *c, lt_a1111 *out)
{
    while (*c && *c != '\n') {
        size_t n = strcspn(c, ":\n");
        if (c[n] != ':')
            return;
        char *key = lt_strndup(c, n);
        c += n + 1;
        c += strspn(c, " ");
        out->fields = lt_grow(out->fields, (size_t)out->count + 1, sizeof *out->fields);
        out->fields[out->count++] = (lt_a1111_field){.key = key, .value = value_at(&c)};
        c += strspn(c, ", ");
    }
}

bool lt_a1111_parse(const char *text, lt_a1111 *out)
{
    const char *settings = last_line(text, settings_mark);
    const char *end = settings ? settings : text + strlen(text);
    char *head = part(text, end);
    const char *negative = last_line(head, negative_mark);
    *out = (lt_a1111){.prompt = part(head, negative ? negative : head + strlen(head)),
                      .negative = lt_strdup(negative ? negative + strlen(negative_mark) : "")};
    free(head);
    if (settings)
        parse_fields(settings, out);
    return settings != NULL;
}

void lt_a1111_done(lt_a1111 *a)
{
    for (int i = 0; i < a->count; i++) {
        free(a->fields[i].key);
        free(a->fields[i].value);
    }
    free(a->fields);
    free(a->prompt);
    free(a->negative);
    *a = (lt_a1111){0};
}

const char *lt_a1111_flag(const char *key)
{
    static const struct {
        const char *key, *flag;
    } rows[] = {
        {"Steps", "--steps"},
        {"Sampler", "--scheduler"},
        {"CFG scale", "--guidance-scale"},
        {"Seed", "--seed"},
        {"Size", "--size"},
        {"Model", "--model"},
        {"VAE", "--vae"},
        {"Variation seed", "--variation-seed"},
        {"Variation seed strength", "--variation-strength"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].key, key) == 0)
            return rows[i].flag;
    return NULL;
}
