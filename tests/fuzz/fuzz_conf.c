/*
 * fuzz_conf.c - input: a file of settings.  The same bytes are also read as a file of keys.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/panic.h"
#include "base/text.h"
#include "cli/config.h"
#include "cli/open.h"
#include "cli/studio_options.h"
#include "fuzz.h"
#include "tui/keymap.h"

static const lt_backend_ops *const backends[] = {&lt_ref_backend, NULL};

static bool is_shown(const char *text)
{
    int32_t point;
    size_t n = strlen(text);
    for (size_t i = 0, used; i < n; i += used) {
        used = lt_text_next(text + i, n - i, &point);
        if (text[i] != '\n' && (point < 0 || lt_text_hostile(point)))
            return false;
    }
    return true;
}

static void check_faults(const lt_conf_faults *f)
{
    int lines = 0;
    for (const char *c = f->all.data; c && *c; c++)
        lines += *c == '\n';
    LT_ASSERT(lines == (f->count <= LT_CONF_FAULTS_MOST ? f->count : LT_CONF_FAULTS_MOST + 1));
    LT_ASSERT((f->count == 0) == (f->first[0] == '\0'));
    LT_ASSERT(is_shown(f->first) && (!f->all.len || is_shown(f->all.data)));
}

static void check_lines(const char *bytes, size_t n)
{
    lt_conf c;
    lt_conf_faults f = {0};
    int before = 0;
    lt_conf_parse(bytes, n, "x.conf", &c, &f);
    for (int i = 0; i < c.count; i++) {
        char *text = c.lines[i].text, *key, *value, *word, *at;
        size_t length = strlen(text);
        LT_ASSERT(c.lines[i].number > before && length > 0 && length <= LT_CONF_LINE);
        LT_ASSERT(lt_text_valid(text, length, NULL) && !strchr(text, '\n'));
        before = c.lines[i].number;
        at = text;
        if (i % 2 && lt_conf_pair(text, &key, &value))
            LT_ASSERT(strlen(key) + strlen(value) < length);
        else
            while ((word = lt_conf_word(&at)))
                LT_ASSERT(word >= text && at <= text + length);
    }
    check_faults(&f);
    lt_conf_done(&c);
    lt_conf_faults_done(&f);
}

/* Whatever the file says, the program starts with what is left of it. */
static void check_settings(const char *path)
{
    lt_config config;
    lt_params p;
    lt_tui_options o;
    lt_args none = {0};
    lt_error err = {0};
    lt_config_read(backends, lt_strdup(path), &config);
    check_faults(&config.faults);
    lt_context c = {.backends = backends, .args = &none, .config = &config};
    LT_ASSERT(lt_open_params(&c, &p, &err) && lt_studio_options_read(&c, &o, &err));
    LT_ASSERT(o.history_max >= 0 && o.pace >= 0 && o.pace <= 60);
    lt_params_done(&p);
    lt_config_done(&config);
}

static void check_keys(const char *path)
{
    lt_conf_faults f = {0};
    lt_hint hints[LT_HINTS];
    lt_buf page = {0};
    lt_keymap_context context;
    lt_keymap *m = lt_keymap_new();
    lt_keymap_load(m, path, &f);
    check_faults(&f);
    for (int i = 0; lt_keymap_context_at(i, &context); i++) {
        LT_ASSERT(lt_keymap_lookup(m, context, (lt_key){'c', 4}) == LT_ACTION_INTERRUPT);
        for (uint32_t c = ' '; c < 0x7F && context & (LT_IN_TYPING | LT_IN_LINE); c++)
            LT_ASSERT(lt_keymap_lookup(m, context, (lt_key){c, 0}) == LT_ACTION_NONE);
        int n = lt_keymap_hints(m, context, LT_STATE_FILM, 80, hints);
        LT_ASSERT(n == 0 || hints[n - 1].column + hints[n - 1].cells <= 80);
    }
    lt_keymap_page(m, LT_IN_ANYWHERE, NULL, 80, true, &page);
    lt_buf_done(&page);
    lt_keymap_free(m);
    lt_conf_faults_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = fuzz_path("x.conf");
    check_lines((const char *)data, size);
    fuzz_write("x.conf", data, size);
    check_settings(path);
    check_keys(path);
    free(path);
    return 0;
}
