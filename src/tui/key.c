/* key.c - see key.h. */
#include "tui/key.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/text.h"

enum { SHIFT = 1, ALT = 2, CTRL = 4, NAMED = 0x110001 };

/* In the order of gfx/keys.def; the first name is shown, the others are understood. */
static const char *const named[][2] = {
    {"Enter", "Return"},
    {"Tab"},
    {"Backspace"},
    {"Esc", "Escape"},
    {"Up"},
    {"Down"},
    {"Left"},
    {"Right"},
    {"Home"},
    {"End"},
    {"PgUp", "PageUp"},
    {"PgDn", "PageDown"},
    {"Insert", "Ins"},
    {"Delete", "Del"},
    {"Centre"},
    {"F1"},
    {"F2"},
    {"F3"},
    {"F4"},
    {"F5"},
    {"F6"},
    {"F7"},
    {"F8"},
    {"F9"},
    {"F10"},
    {"F11"},
    {"F12"},
};

static const struct {
    const char *name;
    unsigned mod;
} mods[] = {{"Ctrl+", CTRL}, {"Alt+", ALT}, {"Shift+", SHIFT}};

static bool is_letter(uint32_t code)
{
    return code < 0x80 && isalpha((int)code);
}

static bool find_named(const char *text, uint32_t *code)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        for (int k = 0; k < 2; k++)
            if (named[i][k] && strcasecmp(text, named[i][k]) == 0) {
                *code = NAMED + (uint32_t)i;
                return true;
            }
    *code = ' ';
    return strcasecmp(text, "Space") == 0;
}

static bool find_character(const char *text, lt_key *key)
{
    int32_t point;
    size_t n = strlen(text);
    if (n == 0 || lt_text_next(text, n, &point) != n || point <= ' ' || lt_text_hostile(point))
        return false;
    key->code = (uint32_t)point;
    if (!key->mods)
        return true;
    if (!is_letter(key->code)) /* Shift makes another character of others */
        return !(key->mods & SHIFT);
    bool upper = (key->mods & SHIFT) && !(key->mods & CTRL);
    if ((key->mods & SHIFT) && !upper)
        return false;
    key->code = (uint32_t)(upper ? toupper((int)key->code) : tolower((int)key->code));
    key->mods &= ~(unsigned)SHIFT;
    return !(key->mods & CTRL) || !strchr("ihm", (int)key->code);
}

bool lt_key_parse(const char *text, lt_key *out)
{
    lt_key key = {0};
    for (size_t i = 0; i < sizeof mods / sizeof *mods;) {
        size_t n = strlen(mods[i].name);
        if (strncasecmp(text, mods[i].name, n) == 0 && text[n] && !(key.mods & mods[i].mod)) {
            key.mods |= mods[i].mod;
            text += n;
            i = 0;
        } else {
            i++;
        }
    }
    if (!find_named(text, &key.code) && !find_character(text, &key))
        return false;
    *out = key;
    return true;
}

/* ---- what terminals send ---- */

enum { ENTER = NAMED, TAB, BACKSPACE, ESCAPE };

/* Of a text that is no key: what a terminal sends in its place, or NULL. */
static const char *instead(const char *text)
{
    static const char *const same[][2] = {
        {"Ctrl+I", "Tab"}, {"Ctrl+H", "Backspace"}, {"Ctrl+M", "Enter"}};
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strcasecmp(text, same[i][0]) == 0)
            return same[i][1];
    if (n > 6 && strncasecmp(text, "Shift+", 6) == 0)
        return "the character without Shift";
    if (n == 12 && strncasecmp(text, "Ctrl+Shift+", 11) == 0)
        return "the letter with Ctrl alone";
    return NULL;
}

/* Of a key that is none for a terminal: what becomes of it, or NULL. */
static const char *fate(lt_key k)
{
    bool shift = k.mods & SHIFT, alt = k.mods & ALT, ctrl = k.mods & CTRL;
    bool plain = k.code >= ENTER && k.code <= ESCAPE;
    if (plain && k.code != TAB && (shift || ctrl))
        return "arrives without Shift and Ctrl";
    if (k.code == TAB && (ctrl || (shift && alt)))
        return "arrives as another key, or is taken by the terminal";
    if (k.code == ESCAPE && alt)
        return "cannot be told from Esc twice";
    if (k.code == ' ' && shift)
        return "arrives as Space";
    if (ctrl && k.code == '[')
        return "arrives as Esc";
    if (ctrl && k.code < NAMED && !is_letter(k.code) &&
        !(k.code < 0x80 && strchr(" \\]^_", (int)k.code)))
        return "arrives as another key, or not at all";
    if (alt && k.code >= '0' && k.code <= '9')
        return "changes tabs in many terminals";
    if (alt && !ctrl && k.code < 0x80 && strchr("[]OPX^_\\", (int)k.code))
        return "begins what a terminal answers";
    return NULL;
}

bool lt_key_sent(const char *text, lt_key *out, lt_error *err)
{
    lt_key key;
    const char *why;
    if (lt_key_parse(text, &key)) {
        why = fate(key);
        if (why)
            return lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' %s", text, why);
        *out = key;
        return true;
    }
    why = instead(text);
    if (why)
        return lt_fail(err, LT_ERR_ARGUMENT, NULL, "'%s' cannot be told apart: a terminal sends %s",
                       text, why);
    return lt_fail(err, LT_ERR_ARGUMENT, NULL,
                   "'%s' is no key, expected such as q, Ctrl+A, Alt+Enter or F5", text);
}

size_t lt_key_name(lt_key key, char to[LT_KEY_TEXT])
{
    char name[16] = "?";
    bool upper = (key.mods & ALT) && is_letter(key.code) && isupper((int)key.code);
    unsigned shown = key.mods | (upper ? SHIFT : 0);
    if (key.code == ' ')
        snprintf(name, sizeof name, "Space");
    else if (key.code >= NAMED && key.code - NAMED < sizeof named / sizeof *named)
        snprintf(name, sizeof name, "%s", named[key.code - NAMED][0]);
    else if (is_letter(key.code) && key.mods)
        snprintf(name, sizeof name, "%c", toupper((int)key.code));
    else if (key.code > ' ' && key.code < 0x110000 && !lt_text_hostile((int32_t)key.code))
        name[utf8proc_encode_char((int32_t)key.code, (utf8proc_uint8_t *)name)] = '\0';
    to[0] = '\0';
    for (size_t i = 0; i < sizeof mods / sizeof *mods; i++)
        if (shown & mods[i].mod)
            strcat(to, mods[i].name);
    strcat(to, name);
    return strlen(to);
}

bool lt_key_equal(lt_key a, lt_key b)
{
    return a.code == b.code && a.mods == b.mods;
}
