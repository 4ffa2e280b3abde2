/* complete.c - words for the line behind `:`; see command.h. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "sample/sampler.h"
#include "tui/command.h"

enum { WORDS_MOST = 500 };

/* A word that something must follow ends in a blank. */
static void add(lt_completion *c, const char *start, const char *word, const char *after)
{
    if (strncmp(word, start, strlen(start)) != 0 || c->count == WORDS_MOST)
        return;
    for (int i = 0; i < c->count; i++) /* an action that takes a value, too */
        if (strncmp(c->words[i], word, strlen(word)) == 0 &&
            strspn(c->words[i] + strlen(word), " ") == strlen(c->words[i]) - strlen(word))
            return;
    c->words = lt_grow(c->words, (size_t)c->count + 1, sizeof *c->words);
    c->words[c->count++] = lt_format("%s%s", word, after);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void lt_completion_done(lt_completion *c)
{
    for (int i = 0; i < c->count; i++)
        free(c->words[i]);
    free(c->words);
    *c = (lt_completion){0};
}

/* ---- files ---- */

/* Names that the line would change are left out. */
static bool is_typed(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7F)
            return false;
    return lt_text_valid(name, n, NULL);
}

static bool is_png(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".png") == 0;
}

static void add_files(lt_completion *c, const char *start, bool pictures)
{
    const char *slash = strrchr(start, '/');
    char *before = lt_strndup(start, slash ? (size_t)(slash + 1 - start) : 0);
    char *folder = lt_conf_home(*before ? before : ".");
    const char *last = slash ? slash + 1 : start;
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        const char *name = entry->d_name;
        bool hidden = *name == '.' && *last != '.';
        if (hidden || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !is_typed(name))
            continue;
        char *path = lt_path_join(folder, name), *word = lt_format("%s%s", before, name);
        bool is_folder = lt_dir_exists(path);
        if (is_folder || !pictures || is_png(name))
            add(c, start, word, is_folder ? "/" : "");
        free(path);
        free(word);
    }
    if (dir)
        closedir(dir);
    free(folder);
    free(before);
}

/* ---- words ---- */

static void add_names(lt_completion *c, const char *start, const char *const *names)
{
    for (; *names; names++)
        add(c, start, *names, "");
}

static void add_settings(lt_completion *c, const char *start, const char *after)
{
    for (int i = 0; i < lt_form_rows(); i++)
        add(c, start, lt_form_label(i), after);
    add(c, start, "negative-prompt", after);
}

static void add_values(const lt_studio *s, lt_completion *c, const char *name, const char *start)
{
    static const char *const files[] = {"model", "unet", "vae", "text-encoder", "tokenizer", NULL};
    static const char *const dtypes[] = {"auto", "f32", "bf16", "f16", NULL};
    const lt_sampler *sampler;
    if (strcmp(name, "scheduler") == 0)
        for (int i = 0; (sampler = lt_sampler_at(i)); i++)
            add(c, start, sampler->name, "");
    if (strcmp(name, "timestep-spacing") == 0)
        for (int i = LT_SPACING_UNSET + 1; i <= LT_SPACING_TRAILING; i++)
            add(c, start, lt_spacing_name((lt_spacing)i), "");
    if (strcmp(name, "dtype") == 0)
        add_names(c, start, dtypes);
    if (strcmp(name, "vae-tiling") == 0)
        for (int i = LT_TILING_AUTO; i <= LT_TILING_OFF; i++)
            add(c, start, lt_tiling_name((lt_tiling)i), "");
    if (strcmp(name, "backend") == 0) {
        add(c, start, "auto", "");
        for (int i = 0; s->options->backends[i]; i++)
            add(c, start, s->options->backends[i]->name, "");
    }
    if (strcmp(name, "seed") == 0)
        add(c, start, "random", "");
    if (strcmp(name, "model") == 0)
        add(c, start, "demo", "");
    for (int i = 0; files[i]; i++)
        if (strcmp(name, files[i]) == 0)
            add_files(c, start, false);
    if (strcmp(name, "init-image") == 0)
        add_files(c, start, true);
}

static void add_actions(const lt_studio *s, lt_completion *c, const char *start)
{
    for (int a = LT_ACTION_NONE + 1; a < LT_ACTIONS; a++)
        if (!s || lt_command_acts(s, (lt_action)a))
            add(c, start, lt_keymap_name((lt_action)a), "");
}

/* The first word of a line. */
static void add_commands(const lt_studio *s, lt_completion *c, const char *start)
{
    add_actions(s, c, start);
    for (int i = 0; lt_verb_at(i); i++)
        add(c, start, lt_verb_at(i)->name, " ");
    for (int i = 0; i < lt_form_rows(); i++)
        add(c, start, lt_form_label(i), " ");
}

/* "KEY ACTION CONTEXT": `words` stand before the one that begins with start. */
static void add_map(lt_completion *c, int words, const char *start)
{
    lt_keymap_context ignored;
    const char *name;
    if (words == 1) {
        add_actions(NULL, c, start);
        add(c, start, "none", "");
    }
    for (int i = 0; words == 2 && (name = lt_keymap_context_at(i, &ignored)); i++)
        add(c, start, name, "");
}

/* ---- the line ---- */

/* Where the last word of a text begins, which is empty behind a blank; how many are before it. */
static const char *last_word(const char *text, int *before)
{
    const char *start = text;
    *before = 0;
    for (const char *c = text; *c; c++)
        if (*c == ' ' && c[1] != ' ') {
            start = c + 1;
            ++*before;
        }
    return start;
}

/* "NAME", or "NAME VALUE". */
static void add_setting(const lt_studio *s, lt_completion *c, const char *text, bool values)
{
    size_t n = strcspn(text, " "), gap = strspn(text + n, " ");
    char *name = lt_strndup(text, n);
    if (gap == 0) {
        add_settings(c, text, values ? " " : "");
    } else if (values) {
        c->start += n + gap;
        add_values(s, c, name, text + n + gap);
    }
    free(name);
}

/* text: what stands behind the name. */
static void add_arguments(const lt_studio *s, lt_completion *c, const char *name, const char *text)
{
    static const char *const switches[] = {"on", "off", NULL};
    const lt_verb *verb = lt_verb_find(name);
    int words;
    const char *last = last_word(text, &words);
    if (!verb) {
        add_values(s, c, name, text);
        return;
    }
    switch (verb->words) {
    case LT_WORDS_SETTINGS:
    case LT_WORDS_VALUES:
        add_setting(s, c, text, verb->words == LT_WORDS_VALUES);
        break;
    case LT_WORDS_PICTURES:
    case LT_WORDS_FILES:
        add_files(c, text, verb->words == LT_WORDS_PICTURES);
        break;
    case LT_WORDS_THEMES:
        for (int i = 0; i < LT_THEME_COUNT; i++)
            add(c, text, lt_theme_name((lt_theme)i), "");
        break;
    case LT_WORDS_SWITCH:
        add_names(c, text, switches);
        break;
    case LT_WORDS_MAP:
        c->start += (size_t)(last - text);
        add_map(c, words, last);
        break;
    case LT_WORDS_NONE:
        break;
    }
}

/* Into c: the words with which the last one of the line may go on, and where it begins. */
static void find(const lt_studio *s, const char *line, lt_completion *c)
{
    const char *text = line + strspn(line, " "), *rest = text + strcspn(text, " ");
    if (*rest == '\0') {
        c->start = (size_t)(text - line);
        add_commands(s, c, text);
    } else {
        char *name = lt_strndup(text, (size_t)(rest - text));
        rest += strspn(rest, " ");
        c->start = (size_t)(rest - line);
        add_arguments(s, c, name, rest);
        free(name);
    }
    if (c->count)
        qsort(c->words, (size_t)c->count, sizeof *c->words, compare);
}

/* The line from the word on becomes n bytes of `word`. */
static void put(lt_studio *s, lt_completion *c, const char *word, size_t n)
{
    char *line = lt_format("%.*s%.*s", (int)c->start, lt_edit_text(s->line, NULL), (int)n, word);
    if (strcmp(line, lt_edit_text(s->line, NULL)) != 0)
        lt_edit_set(s->line, line);
    free(line);
    c->version = lt_edit_version(s->line) + 1;
}

static size_t common(const lt_completion *c)
{
    size_t n = strlen(c->words[0]);
    for (int i = 1; i < c->count; i++) {
        size_t same = 0;
        while (same < n && c->words[i][same] == c->words[0][same])
            same++;
        n = same;
    }
    while (n > 0 && ((unsigned char)c->words[0][n] & 0xC0) == 0x80) /* within a character */
        n--;
    return n;
}

const lt_completion *lt_command_choices(const lt_studio *s)
{
    const lt_completion *c = &s->completion;
    bool fresh = s->ask == LT_ASK_COMMAND && c->version == lt_edit_version(s->line) + 1;
    return fresh && c->count > 1 ? c : NULL;
}

void lt_command_complete(lt_studio *s)
{
    lt_completion *c = &s->completion;
    size_t length;
    const char *line = lt_edit_text(s->line, &length);
    if (lt_edit_cursor(s->line) != length)
        return;
    if (lt_command_choices(s)) {
        c->at = (c->at + 1) % c->count;
        put(s, c, c->words[c->at], strlen(c->words[c->at]));
        return;
    }
    lt_completion_done(c);
    c->at = -1;
    find(s, line, c);
    if (c->count)
        put(s, c, c->words[0], c->count == 1 ? strlen(c->words[0]) : common(c));
}
