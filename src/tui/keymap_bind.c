/* keymap_bind.c - keys of the user in place of those of actions.def; see keymap.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "tui/keymap_impl.h"

enum {
    TEXTS = LT_IN_TYPING | LT_IN_LINE,                   /* where characters are text */
    USUAL = LT_IN_TYPING | LT_IN_VIEWING | LT_IN_PARAMS, /* what works in one works in all */
    CTRL = 4,
};

static const char *action_at(const void *context, int i)
{
    (void)context;
    return i < LT_ACTIONS ? lt_keymap_name((lt_action)i) : NULL;
}

static bool find_action(const char *name, lt_action *out, lt_error *err)
{
    *out = lt_keymap_find(name);
    if (*out || strcmp(name, lt_keymap_name(LT_ACTION_NONE)) == 0)
        return true;
    const char *near = lt_nearest(name, action_at, NULL);
    if (near)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "there is no action '%s'; %s is one", name,
                       near);
    return lt_fail(err, LT_ERR_ARGUMENT, NULL, "there is no action '%s'; the page of keys has all",
                   name);
}

static bool find_context(const char *name, unsigned *out, lt_error *err)
{
    lt_buf all = {0};
    lt_keymap_context context;
    const char *known;
    for (int i = 0; (known = lt_keymap_context_at(i, &context)); i++) {
        if (strcmp(known, name) == 0) {
            *out = context;
            lt_buf_done(&all);
            return true;
        }
        lt_buf_format(&all, "%s%s", i ? ", " : "", known);
    }
    lt_fail(err, LT_ERR_ARGUMENT, NULL, "there is no context '%s', expected one of %s", name,
            all.data);
    lt_buf_done(&all);
    return false;
}

/* True for a key that is text where text is typed. */
static bool is_text(lt_key key)
{
    return key.mods == 0 && key.code < 0x110000;
}

/* The contexts that are meant; 0, with the error, for none. */
static unsigned places(lt_key key, const char *text, lt_action action, const char *context,
                       lt_error *err)
{
    unsigned own = action ? lt_keymap_contexts(action) : LT_IN_ANYWHERE;
    unsigned found = own & (is_text(key) ? ~(unsigned)TEXTS : ~0u);
    if (!context && !found)
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is text wherever %s works", text,
                lt_keymap_name(action));
    if (!context)
        return found;
    if (!find_context(context, &found, err))
        return 0;
    if (own & USUAL)
        own |= USUAL;
    if (is_text(key) && (found & TEXTS)) {
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is text in the context %s", text, context);
        return 0;
    }
    if (!(found & own)) {
        lt_fail(err, LT_ERR_ARGUMENT, NULL, "%s does nothing in the context %s",
                lt_keymap_name(action), context);
        return 0;
    }
    return found;
}

static void unbind(lt_keymap *m, lt_key key, unsigned contexts)
{
    int kept = 0;
    for (int i = 0; i < m->count; i++) {
        lt_binding b = m->all[i];
        if (lt_key_equal(b.key, key))
            b.contexts &= ~contexts;
        if (b.contexts)
            m->all[kept++] = b;
    }
    m->count = kept;
}

static bool bind_words(lt_keymap *m, char *words, lt_error *err)
{
    lt_key key;
    lt_action action = LT_ACTION_NONE;
    char *text = lt_conf_word(&words), *name = lt_conf_word(&words);
    char *context = lt_conf_word(&words), *more = lt_conf_word(&words);
    if (!text || !name)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "expected KEY ACTION [CONTEXT]");
    if (more)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' is left over: KEY ACTION [CONTEXT]", more);
    if (!lt_key_sent(text, &key, err) || !find_action(name, &action, err))
        return false;
    if (lt_key_equal(key, (lt_key){'c', CTRL}))
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "Ctrl+C always stops or leaves");
    unsigned contexts = places(key, text, action, context, err);
    if (!contexts)
        return false;
    unbind(m, key, contexts);
    if (action == LT_ACTION_NONE)
        return true;
    m->all = lt_grow(m->all, (size_t)m->count + 1, sizeof *m->all);
    memmove(m->all + 1, m->all, (size_t)m->count++ * sizeof *m->all);
    m->all[0] = (lt_binding){action, contexts, key};
    return true;
}

bool lt_keymap_bind(lt_keymap *m, const char *words, lt_error *err)
{
    char *copy = lt_strdup(words);
    bool ok = bind_words(m, copy, err);
    free(copy);
    return ok;
}

void lt_keymap_load(lt_keymap *m, const char *path, lt_conf_faults *faults)
{
    lt_conf c;
    lt_conf_read(path, &c, faults);
    for (int i = 0; i < c.count; i++) {
        lt_error err = {0};
        if (!lt_keymap_bind(m, c.lines[i].text, &err))
            lt_conf_fault(faults, path, c.lines[i].number, &err);
    }
    lt_conf_done(&c);
}
