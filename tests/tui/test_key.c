/* Names of keys, both ways. */
#include "tui/key.h"

#include "support/check.h"

enum {
    SHIFT = 1,
    ALT = 2,
    CTRL = 4,
    ENTER = 0x110001,
    TAB,
    BACKSPACE,
    ESCAPE,
    UP,
    F12 = ENTER + 26
};

static void is_key(const char *text, uint32_t code, unsigned mods, const char *name)
{
    lt_key key = {0};
    char to[LT_KEY_TEXT];
    if (!lt_key_parse(text, &key))
        fail_msg("'%s' is no key", text);
    assert_int_equal(key.code, code);
    assert_int_equal(key.mods, mods);
    assert_int_equal(lt_key_name(key, to), strlen(name));
    assert_string_equal(to, name);
    assert_true(lt_key_parse(to, &key) && key.code == code && key.mods == mods);
}

static void test_keys(void **state)
{
    (void)state;
    is_key("q", 'q', 0, "q");
    is_key("N", 'N', 0, "N");
    is_key("+", '+', 0, "+");
    is_key(",", ',', 0, ",");
    is_key("space", ' ', 0, "Space");
    is_key("Ctrl+A", 'a', CTRL, "Ctrl+A");
    is_key("ctrl+a", 'a', CTRL, "Ctrl+A");
    is_key("Ctrl+_", '_', CTRL, "Ctrl+_");
    is_key("Ctrl++", '+', CTRL, "Ctrl++");
    is_key("Alt+B", 'b', ALT, "Alt+B");
    is_key("Alt+Shift+B", 'B', ALT, "Alt+Shift+B");
    is_key("Alt+<", '<', ALT, "Alt+<");
    is_key("Enter", ENTER, 0, "Enter");
    is_key("Alt+Enter", ENTER, ALT, "Alt+Enter");
    is_key("Shift+Tab", TAB, SHIFT, "Shift+Tab");
    is_key("Escape", ESCAPE, 0, "Esc");
    is_key("Shift+Alt+Ctrl+Up", UP, SHIFT | ALT | CTRL, "Ctrl+Alt+Shift+Up");
    is_key("f12", F12, 0, "F12");
    is_key("\xC3\xA9", 0xE9, 0, "\xC3\xA9");
}

static void test_no_keys(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",        "ab",           "Ctrl+",       "Ctrl+Ctrl+A", "Hyper+A", "F13",
        "Ctrl+H",  "Ctrl+I",       "Ctrl+M",      " ",           "\x1B",    "\xFF",
        "Shift+?", "Ctrl+Shift+A", "Alt+Shift+1", "\xE2\x80\xAE"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        lt_key key = {1, 1};
        if (lt_key_parse(wrong[i], &key))
            fail_msg("'%s' is a key", wrong[i]);
        assert_int_equal(key.code, 1); /* left as it was */
    }
}

static void refused(const char *text, const char *why)
{
    lt_key key = {1, 1};
    CHECK_FAILS(lt_key_sent(text, &key, err), LT_ERR_ARGUMENT, why);
    assert_int_equal(key.code, 1);
}

/* What no terminal sends, or not as that, is refused with the reason. */
static void test_keys_that_do_not_arrive(void **state)
{
    (void)state;
    lt_key key;
    static const char *const sent[] = {
        "q",      "?",      "Space",     "Ctrl+A",    "Ctrl+J",      "Ctrl+Space", "Ctrl+_",
        "Ctrl+]", "Alt+B",  "Alt+Enter", "Shift+Tab", "Ctrl+Left",   "F12",        "Alt+Shift+B",
        "Alt+o",  "Ctrl+C", "Alt+Space", "Alt+Up",    "Shift+Right", "Enter",      "\xC3\xB6"};
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
        CHECK_OK(lt_key_sent(sent[i], &key, err));
    refused("Ctrl+I", "a terminal sends Tab");
    refused("ctrl+m", "a terminal sends Enter");
    refused("Ctrl+H", "a terminal sends Backspace");
    refused("Shift+?", "without Shift");
    refused("Ctrl+Shift+A", "with Ctrl alone");
    refused("Shift+Enter", "'Shift+Enter' arrives without Shift and Ctrl");
    refused("Ctrl+Backspace", "arrives without");
    refused("Ctrl+Tab", "arrives as another key");
    refused("Alt+Esc", "Esc twice");
    refused("Shift+Space", "as Space");
    refused("Ctrl+[", "as Esc");
    refused("Ctrl+1", "as another key");
    refused("Alt+1", "changes tabs");
    refused("Alt+[", "begins what a terminal answers");
    refused("Alt+Shift+O", "begins what a terminal answers");
    refused("F99", "'F99' is no key");
    refused("", "is no key");
}

static void test_names_of_nothing(void **state)
{
    (void)state;
    char to[LT_KEY_TEXT];
    static const uint32_t codes[] = {0, 7, 0x7F, 0x202E, 0xD800, 0x110000, 0x110099, UINT32_MAX};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        lt_key_name((lt_key){codes[i], 0}, to);
        assert_string_equal(to, "?");
        lt_key_name((lt_key){codes[i], UINT32_MAX}, to);
        assert_string_equal(to, "Ctrl+Alt+Shift+?");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_no_keys),
        cmocka_unit_test(test_keys_that_do_not_arrive),
        cmocka_unit_test(test_names_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
