/* test_torch_file.c - pickles are known by name and by content, and refused with a way out. */
#include "weights/torch_file.h"

#include "support/check.h"
#include "support/temp.h"
#include "weights/files.h"
#include "weights/safetensors.h"

static void test_names(void **state)
{
    (void)state;
    assert_true(lt_torch_file_named("a/model.ckpt"));
    assert_true(lt_torch_file_named("pytorch_model.bin"));
    assert_true(lt_torch_file_named("x.pt"));
    assert_true(lt_torch_file_named("x.pth"));
    assert_false(lt_torch_file_named("x.safetensors"));
    assert_false(lt_torch_file_named("bin"));
    assert_false(lt_torch_file_named(""));
}

typedef struct start {
    const char *bytes;
    size_t n;
    bool torch;
} start;
#define START(text, torch)                                                                         \
    {                                                                                              \
        text, sizeof text - 1, torch                                                               \
    }

static const start starts[] = {
    START("PK\003\004\0\0\0\0rest of a zip", true),
    START("\x80\x02\x8A\x0A\x6C\xFC\x9C\x46", true), /* torch's old magic number */
    START("\x80\x02}q\0.", true),
    START("\x80\x04\x95\x10\0\0\0\0\0\0\0", true),
    START("\x80\x05]", true),
    START("\x80\x02", false),
    START("\x80\x06}", false),
    START("\x80\x02\0\0\0\0\0\0{", false), /* a safetensors header of 640 bytes */
    START("PK", false),
    START("", false),
};

static void test_starts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        assert_int_equal(lt_torch_file_starts(starts[i].bytes, starts[i].n), starts[i].torch);
}

/* Whatever its name says. */
static void test_as_safetensors(void **state)
{
    (void)state;
    char *dir = temp_dir(), *path = lt_path_join(dir, "x.safetensors");
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        lt_safetensors *f;
        lt_error err = {0};
        if (!starts[i].torch)
            continue;
        put_bytes(dir, "x.safetensors", starts[i].bytes, starts[i].n);
        assert_false(lt_safetensors_open(path, &f, &err));
        assert_int_equal(err.code, LT_ERR_MODEL);
        assert_non_null(strstr(err.message, "torch files can run code"));
        assert_non_null(strstr(err.hint, "weights_only=True"));
        assert_non_null(strstr(err.hint, "OUT.safetensors"));
    }
    free(path);
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_starts),
        cmocka_unit_test(test_as_safetensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
