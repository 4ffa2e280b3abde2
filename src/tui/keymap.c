/* keymap.c - see keymap.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "tui/cells.h"
#include "tui/find.h"
#include "tui/keymap_impl.h"
#include "tui/wrap.h"

enum { KEYS_MOST = 3 };

/* The words of actions.def. */
enum {
    TYPING = LT_IN_TYPING,
    LINE = LT_IN_LINE,
    VIEWING = LT_IN_VIEWING,
    PARAMS = LT_IN_PARAMS,
    HELP = LT_IN_HELP,
    MESSAGE = LT_IN_MESSAGE,
    RUNS = LT_IN_RUNS,
    GRID = LT_IN_GRID,
    COMPARE = LT_IN_COMPARE,
    GALLERY = LT_IN_GALLERY,
    WHATIF = LT_IN_WHATIF,
    AUTOENCODER = LT_IN_AUTOENCODER,
    NOISING = LT_IN_NOISING,
    TOKENS = LT_IN_TOKENS,
    LESSON = LT_IN_LESSON,
    ANYWHERE = LT_IN_ANYWHERE,
    RUNNING = LT_STATE_RUNNING,
    FILM = LT_STATE_FILM,
    ERROR = LT_STATE_ERROR,
    INTERRUPTED = LT_STATE_INTERRUPTED,
    TOUR = LT_STATE_TOUR,
    WORDS = LT_STATE_WORDS,
};
#define KEYS(...)                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct {
    const char *name, *hint, *help;
    int order;
    unsigned needs, without;
} actions[] = {
    [LT_ACTION_NONE] = {"none", "", "", 0, 0, 0},
#define LT_ACTION(name, text, contexts, keys, order, needs, without, hint, help)                   \
    [LT_ACTION_##name] = {text, hint, help, order, needs, without},
#define LT_EDIT_ACTION(op, text, contexts, keys, help)                                             \
    [LT_ACTION_EDIT_##op] = {text, "", help, 0, 0, 0},
#include "tui/actions.def"
};

static const struct {
    lt_action action;
    unsigned contexts;
    const char *keys[KEYS_MOST];
} bindings[] = {
#define LT_ACTION(name, text, contexts, keys, order, needs, without, hint, help)                   \
    {LT_ACTION_##name, contexts, keys},
#define LT_EDIT_ACTION(op, text, contexts, keys, help) {LT_ACTION_EDIT_##op, contexts, keys},
#define LT_ALSO(name, contexts, keys)                  {LT_ACTION_##name, contexts, keys},
#include "tui/actions.def"
};
enum { BINDINGS = sizeof bindings / sizeof *bindings };

/* The contexts in the order of the page, with the names of files and commands. */
static const struct {
    lt_keymap_context context;
    const char *name, *title;
} sections[] = {
    {LT_IN_VIEWING, "viewing", "Watching"},
    {LT_IN_LESSON, "lesson", "In a lesson"},
    {LT_IN_RUNS, "runs", "Runs"},
    {LT_IN_GRID, "grid", "Seeds"},
    {LT_IN_WHATIF, "whatif", "What if"},
    {LT_IN_COMPARE, "compare", "Comparing"},
    {LT_IN_AUTOENCODER, "autoencoder", "Autoencoder"},
    {LT_IN_NOISING, "noising", "Noising"},
    {LT_IN_GALLERY, "gallery", "History"},
    {LT_IN_TOKENS, "tokens", "Tokens"},
    {LT_IN_PARAMS, "params", "Settings"},
    {LT_IN_TYPING, "typing", "Typing"},
    {LT_IN_LINE, "line", "One line"},
    {LT_IN_MESSAGE, "message", "A message"},
    {LT_IN_HELP, "help", "This page"},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

const char *lt_keymap_context_at(int i, lt_keymap_context *context)
{
    if (i >= SECTIONS)
        return NULL;
    *context = sections[i].context;
    return sections[i].name;
}

lt_keymap *lt_keymap_new(void)
{
    lt_keymap *m = lt_alloc(sizeof *m);
    m->all = lt_alloc_array((size_t)BINDINGS * KEYS_MOST, sizeof *m->all);
    for (int i = 0; i < BINDINGS; i++)
        for (int k = 0; k < KEYS_MOST && bindings[i].keys[k]; k++) {
            lt_binding *b = &m->all[m->count++];
            *b = (lt_binding){.action = bindings[i].action, .contexts = bindings[i].contexts};
            LT_ASSERT(lt_key_parse(bindings[i].keys[k], &b->key));
        }
    return m;
}

void lt_keymap_free(lt_keymap *m)
{
    if (m)
        free(m->all);
    free(m);
}

lt_action lt_keymap_lookup(const lt_keymap *m, lt_keymap_context context, lt_key key)
{
    for (int i = 0; i < m->count; i++)
        if ((m->all[i].contexts & context) && lt_key_equal(m->all[i].key, key))
            return m->all[i].action;
    return LT_ACTION_NONE;
}

unsigned lt_keymap_contexts(lt_action action)
{
    unsigned contexts = 0;
    for (int i = 0; i < BINDINGS; i++)
        if (bindings[i].action == action)
            contexts |= bindings[i].contexts;
    return contexts;
}

bool lt_keymap_edit_op(lt_action action, lt_edit_op *op)
{
    switch (action) {
#define LT_EDIT_OP(name)                                                                           \
    case LT_ACTION_EDIT_##name:                                                                    \
        *op = LT_EDIT_##name;                                                                      \
        return true;
#include "tui/edit.def"
#undef LT_EDIT_OP
    default:
        return false;
    }
}

lt_action lt_keymap_find(const char *name)
{
    for (int a = LT_ACTION_NONE + 1; a < LT_ACTIONS; a++)
        if (strcmp(actions[a].name, name) == 0)
            return (lt_action)a;
    return LT_ACTION_NONE;
}

const char *lt_keymap_name(lt_action action)
{
    return actions[action].name;
}

const char *lt_keymap_help(lt_action action)
{
    return actions[action].help;
}

void lt_keymap_keys(const lt_keymap *m, lt_keymap_context context, lt_action action, lt_buf *out)
{
    const char *between = "";
    for (int i = 0; i < m->count; i++)
        if (m->all[i].action == action && (m->all[i].contexts & context)) {
            char name[LT_KEY_TEXT];
            lt_key_name(m->all[i].key, name);
            lt_buf_format(out, "%s%s", between, name);
            between = ", ";
        }
}

/* The key to show for an action; false: it has none there. */
static bool first_key(const lt_keymap *m, lt_keymap_context context, lt_action action,
                      char to[LT_KEY_TEXT])
{
    for (int i = 0; i < m->count; i++)
        if (m->all[i].action == action && (m->all[i].contexts & context)) {
            lt_key_name(m->all[i].key, to);
            return true;
        }
    return false;
}

/* The most important action that comes after one of `order`, or NONE.  Equals come as in the table.
 */
static lt_action next_hint(const lt_keymap *m, lt_keymap_context context, unsigned state, int order,
                           lt_action last)
{
    char key[LT_KEY_TEXT];
    lt_action best = LT_ACTION_NONE;
    for (int i = 1; i < LT_ACTIONS; i++) {
        lt_action a = (lt_action)i;
        bool later = actions[a].order > order || (actions[a].order == order && a > last);
        if (actions[a].order && later && (actions[a].needs & ~state) == 0 &&
            !(actions[a].without & state) && first_key(m, context, a, key) &&
            (!best || actions[a].order < actions[best].order))
            best = a;
    }
    return best;
}

int lt_keymap_hints(const lt_keymap *m, lt_keymap_context context, unsigned state, int width,
                    lt_hint out[LT_HINTS])
{
    int count = 0, column = 0;
    char key[LT_KEY_TEXT];
    lt_action a = LT_ACTION_NONE;
    while (count < LT_HINTS && (a = next_hint(m, context, state, actions[a].order, a)) &&
           first_key(m, context, a, key)) {
        const char *hint = actions[a].hint, *bar = strchr(hint, '|');
        int n = bar ? (int)(bar - hint) : (int)strlen(hint);
        if (bar && (state & LT_STATE_PAUSED)) {
            hint = bar + 1;
            n = (int)strlen(hint);
        }
        lt_hint h = {.action = a, .column = column, .key_bytes = (int)strlen(key)};
        h.key_cells = lt_cells_width(key, strlen(key));
        h.cells = h.key_cells + 1 + n;
        snprintf(h.text, sizeof h.text, "%s %.*s", key, n, hint);
        if (column + h.cells > width)
            continue;
        column += h.cells + 2;
        out[count++] = h;
    }
    return count;
}

/* A line of help. */
typedef struct row {
    lt_action action;
    char *keys; /* owned */
} row;

static bool is_wanted(const row *r, const char *find)
{
    size_t start, end;
    const char *help = actions[r->action].help;
    return !find || !*find || lt_find(r->keys, strlen(r->keys), 0, find, &start, &end) ||
           lt_find(help, strlen(help), 0, find, &start, &end);
}

static bool is_repeated(const row *rows, int count, const row *r)
{
    for (int i = 0; i < count; i++)
        if (rows[i].action == r->action && strcmp(rows[i].keys, r->keys) == 0)
            return true;
    return false;
}

/* Adds the keys of one context that are wanted and not there yet. */
static int collect(const lt_keymap *m, lt_keymap_context context, const char *find, row *rows,
                   int count)
{
    for (int i = 1; i < LT_ACTIONS; i++) {
        lt_buf keys = {0};
        lt_keymap_keys(m, context, (lt_action)i, &keys);
        row r = {(lt_action)i, keys.data};
        if (r.keys && is_wanted(&r, find) && !is_repeated(rows, count, &r))
            rows[count++] = r;
        else
            lt_buf_done(&keys);
    }
    return count;
}

static void add_row(const row *r, int key_width, int width, bool pad, bool utf8, lt_buf *out)
{
    const char *help = actions[r->action].help;
    lt_buf line = {0};
    int blanks = key_width - lt_cells_width(r->keys, strlen(r->keys)) + 2;
    lt_buf_format(&line, "  %s%*s%s", r->keys, blanks, "", help);
    (pad ? lt_wrap_pad(out, line.data, line.len, width, utf8)
         : (void)lt_wrap_fit(out, line.data, line.len, width, utf8));
    lt_buf_done(&line);
}

static void add_section(const char *title, const row *rows, int count, int width, bool utf8,
                        lt_buf *out)
{
    int key_width = 0, help_width = 0;
    for (int i = 0; i < count; i++) {
        int keys = lt_cells_width(rows[i].keys, strlen(rows[i].keys));
        int help = (int)strlen(actions[rows[i].action].help);
        key_width = keys > key_width ? keys : key_width;
        help_width = help > help_width ? help : help_width;
    }
    int each = 2 + key_width + 2 + help_width, columns = width / each > 0 ? width / each : 1;
    int high = (count + columns - 1) / columns;
    each = each < width ? each : width;
    lt_wrap_fit(out, title, strlen(title), width, utf8);
    lt_buf_char(out, '\n');
    for (int y = 0; y < high; y++) {
        for (int i = y; i < count; i += high)
            add_row(&rows[i], key_width, each, i + high < count, utf8, out);
        lt_buf_char(out, '\n');
    }
}

int lt_keymap_page(const lt_keymap *m, unsigned contexts, const char *find, int width, bool utf8,
                   lt_buf *out)
{
    row *rows = lt_alloc_array((size_t)LT_ACTIONS * SECTIONS, sizeof *rows);
    int count = 0;
    for (int i = 0; i < SECTIONS; i++) {
        int before = count;
        if (contexts & sections[i].context)
            count = collect(m, sections[i].context, find, rows, count);
        if (count > before && before > 0)
            lt_buf_char(out, '\n');
        if (count > before)
            add_section(sections[i].title, rows + before, count - before, width, utf8, out);
    }
    for (int i = 0; i < count; i++)
        free(rows[i].keys);
    free(rows);
    return count;
}
