/* keymap.c - see keymap.h. */
#include "tui/keymap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "tui/find.h"
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
    ANYWHERE = LT_IN_ANYWHERE,
    RUNNING = LT_STATE_RUNNING,
    FILM = LT_STATE_FILM,
    ERROR = LT_STATE_ERROR,
    INTERRUPTED = LT_STATE_INTERRUPTED,
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

static const struct binding {
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

lt_action lt_keymap_lookup(lt_keymap_context context, lt_key key)
{
    for (int i = 0; i < BINDINGS; i++)
        for (int k = 0; k < KEYS_MOST && bindings[i].keys[k]; k++) {
            lt_key bound;
            LT_ASSERT(lt_key_parse(bindings[i].keys[k], &bound));
            if ((bindings[i].contexts & context) && lt_key_equal(bound, key))
                return bindings[i].action;
        }
    return LT_ACTION_NONE;
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

const char *lt_keymap_name(lt_action action)
{
    return actions[action].name;
}

const char *lt_keymap_help(lt_action action)
{
    return actions[action].help;
}

void lt_keymap_keys(lt_keymap_context context, lt_action action, lt_buf *out)
{
    const char *between = "";
    for (int i = 0; i < BINDINGS; i++)
        for (int k = 0; k < KEYS_MOST && bindings[i].keys[k]; k++)
            if (bindings[i].action == action && (bindings[i].contexts & context)) {
                lt_buf_format(out, "%s%s", between, bindings[i].keys[k]);
                between = ", ";
            }
}

/* The key to show for an action, or NULL: it has none there. */
static const char *first_key(lt_keymap_context context, lt_action action)
{
    for (int i = 0; i < BINDINGS; i++)
        if (bindings[i].action == action && (bindings[i].contexts & context))
            return bindings[i].keys[0];
    return NULL;
}

/* The most important action that comes after one of `order`, or NONE.  Equals come as in the table.
 */
static lt_action next_hint(lt_keymap_context context, unsigned state, int order, lt_action last)
{
    lt_action best = LT_ACTION_NONE;
    for (int i = 1; i < LT_ACTIONS; i++) {
        lt_action a = (lt_action)i;
        bool later = actions[a].order > order || (actions[a].order == order && a > last);
        if (actions[a].order && later && (actions[a].needs & ~state) == 0 &&
            !(actions[a].without & state) && first_key(context, a) &&
            (!best || actions[a].order < actions[best].order))
            best = a;
    }
    return best;
}

int lt_keymap_hints(lt_keymap_context context, unsigned state, int width, lt_hint out[LT_HINTS])
{
    int count = 0, column = 0;
    lt_action a = LT_ACTION_NONE;
    while (count < LT_HINTS && (a = next_hint(context, state, actions[a].order, a))) {
        const char *key = first_key(context, a), *hint = actions[a].hint, *bar = strchr(hint, '|');
        int n = bar ? (int)(bar - hint) : (int)strlen(hint);
        if (bar && (state & LT_STATE_PAUSED)) {
            hint = bar + 1;
            n = (int)strlen(hint);
        }
        lt_hint h = {.action = a, .column = column, .key_cells = (int)strlen(key)};
        h.cells = snprintf(h.text, sizeof h.text, "%s %.*s", key, n, hint);
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
static int collect(lt_keymap_context context, const char *find, row *rows, int count)
{
    for (int i = 1; i < LT_ACTIONS; i++) {
        lt_buf keys = {0};
        lt_keymap_keys(context, (lt_action)i, &keys);
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
    lt_buf_format(&line, "  %-*s  %s", key_width, r->keys, help);
    (pad ? lt_wrap_pad(out, line.data, line.len, width, utf8)
         : (void)lt_wrap_fit(out, line.data, line.len, width, utf8));
    lt_buf_done(&line);
}

static void add_section(const char *title, const row *rows, int count, int width, bool utf8,
                        lt_buf *out)
{
    int key_width = 0, help_width = 0;
    for (int i = 0; i < count; i++) {
        int keys = (int)strlen(rows[i].keys), help = (int)strlen(actions[rows[i].action].help);
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

int lt_keymap_page(unsigned contexts, const char *find, int width, bool utf8, lt_buf *out)
{
    static const struct {
        lt_keymap_context context;
        const char *title;
    } sections[] = {
        {LT_IN_VIEWING, "Watching"},  {LT_IN_RUNS, "Runs"},         {LT_IN_GRID, "Seeds"},
        {LT_IN_WHATIF, "What if"},    {LT_IN_COMPARE, "Comparing"}, {LT_IN_GALLERY, "History"},
        {LT_IN_PARAMS, "Settings"},   {LT_IN_TYPING, "Typing"},     {LT_IN_LINE, "One line"},
        {LT_IN_MESSAGE, "A message"}, {LT_IN_HELP, "This page"},
    };
    enum { SECTIONS = sizeof sections / sizeof *sections };
    row *rows = lt_alloc_array((size_t)LT_ACTIONS * SECTIONS, sizeof *rows);
    int count = 0;
    for (int i = 0; i < SECTIONS; i++) {
        int before = count;
        if (contexts & sections[i].context)
            count = collect(sections[i].context, find, rows, count);
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
