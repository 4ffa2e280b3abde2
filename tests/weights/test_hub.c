/* test_hub.c - cache layouts built in temporary directories. */
#define _POSIX_C_SOURCE 200809L
#include "weights/hub.h"

#include <unistd.h>

#include "support/temp.h"
#include "weights/files.h"

#define COMMIT "133a221b8aa7292a167afc5127cb63fb5005638b"
#define REPO   "models--org--name"

static void clear_env(void)
{
    unsetenv("HF_HUB_CACHE");
    unsetenv("HUGGINGFACE_HUB_CACHE");
    unsetenv("HF_HOME");
    unsetenv("XDG_CACHE_HOME");
}

static void finds(const char *id, const char *root, const char *below)
{
    char *dir = NULL, *want = lt_path_join(root, below);
    CHECK_OK(lt_hub_find(id, &dir, err));
    assert_string_equal(dir, want);
    free(want);
    free(dir);
}

static void test_ids(void **state)
{
    (void)state;
    static const char *const good[] = {"org/name", "name",          "CompVis/stable-diffusion-v1-4",
                                       "a/b@main", "a/b@refs/pr/1", ("a_b.c/d-e@" COMMIT)};
    static const char *const bad[] = {"",     "a/b/c", "/a",       "a/",   "../a", "a/..",  "a b/c",
                                      "a/b@", "a/b@/", "a/b@../x", "a/.b", "-a/b", "a@b@c", "./a"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(lt_hub_is_id(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lt_hub_is_id(bad[i]));
}

static void test_roots(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *below;
    } places[] = {
        {"HOME", ".cache/huggingface/diffusers/" REPO},
        {"HOME", ".cache/huggingface/hub/" REPO},
        {"XDG_CACHE_HOME", "huggingface/hub/" REPO},
        {"HF_HOME", "hub/" REPO},
        {"HUGGINGFACE_HUB_CACHE", REPO},
        {"HF_HUB_CACHE", REPO},
    };
    clear_env();
    char *dirs[6];
    for (int i = 0; i < 6; i++) { /* each wins over the ones before */
        dirs[i] = i == 1 ? lt_strdup(dirs[0]) : temp_dir();
        setenv(places[i].variable, dirs[i], 1);
        char *ref = lt_format("%s/refs/main", places[i].below);
        char *file = lt_format("%s/snapshots/" COMMIT "/model_index.json", places[i].below);
        char *want = lt_format("%s/snapshots/" COMMIT, places[i].below);
        put_text(dirs[i], ref, COMMIT);
        put_text(dirs[i], file, "{}");
        finds("org/name", dirs[i], want);
        free(ref);
        free(file);
        free(want);
    }
    clear_env();
    free(dirs[1]);
    for (int i = 0; i < 6; i++) {
        if (i != 1)
            temp_dir_remove(dirs[i]);
    }
}

static void test_revisions(void **state)
{
    (void)state;
    char *root = temp_dir(), *dir;
    clear_env();
    setenv("HF_HUB_CACHE", root, 1);
    put_text(root, REPO "/snapshots/aaa/x", "");
    finds("org/name", root, REPO "/snapshots/aaa"); /* no refs/main, one snapshot */
    finds("org/name@aaa", root, REPO "/snapshots/aaa");
    put_text(root, REPO "/snapshots/bbb/x", "");
    CHECK_FAILS(lt_hub_find("org/name", &dir, err), LT_ERR_IO,
                "cannot find revision 'main' of 'org/name'");
    put_text(root, REPO "/refs/main", "bbb\n");
    put_text(root, REPO "/refs/refs/pr/1", "aaa");
    finds("org/name", root, REPO "/snapshots/bbb");
    finds("org/name@refs/pr/1", root, REPO "/snapshots/aaa");
    CHECK_FAILS(lt_hub_find("org/name@ccc", &dir, err), LT_ERR_IO,
                "cannot find revision 'ccc' of 'org/name'");
    put_text(root, REPO "/refs/main", "../../../etc");
    CHECK_FAILS(lt_hub_find("org/name", &dir, err), LT_ERR_IO, "cannot find revision 'main'");
    put_text(root, REPO "/refs/main", "ddd");
    CHECK_FAILS(lt_hub_find("org/name", &dir, err), LT_ERR_IO, "cannot find revision 'main'");
    temp_dir_remove(root);
    clear_env();
}

static void test_absent(void **state)
{
    (void)state;
    char *root = temp_dir(), *dir;
    lt_error err = {0};
    clear_env();
    setenv("HF_HUB_CACHE", root, 1);
    assert_false(lt_hub_find("other/name@v2", &dir, &err));
    assert_int_equal(err.code, LT_ERR_IO);
    char *want = lt_format("cannot find model 'other/name@v2': no such directory, and "
                           "'models--other--name' is not in the Hugging Face cache '%s'",
                           root);
    assert_string_equal(err.message, want);
    assert_string_equal(err.hint, "hf download other/name --revision v2");
    free(want);
    temp_dir_remove(root);
    clear_env();
}

static void test_missing(void **state)
{
    (void)state;
    char *root = temp_dir();
    char *snapshot = lt_path_join(root, REPO "/snapshots/aaa");
    lt_error err = {0};
    put_text(root, REPO "/snapshots/aaa/unet/config.json", "{}");
    assert_false(lt_hub_fail_missing(snapshot, "unet/x.safetensors", &err));
    assert_non_null(strstr(err.message, "/unet/x.safetensors'"));
    assert_null(strstr(err.message, "did not finish"));
    assert_string_equal(err.hint, "hf download org/name");

    put_text(root, REPO "/blobs/abc.incomplete", "x");
    assert_false(lt_hub_fail_missing(snapshot, "unet/x.safetensors", &err));
    assert_non_null(strstr(err.message, "the download did not finish"));

    char *link = lt_path_join(snapshot, "unet/x.safetensors");
    assert_int_equal(symlink("../../../blobs/abc", link), 0);
    assert_false(lt_hub_fail_missing(snapshot, "unet/x.safetensors", &err));
    assert_non_null(strstr(err.message, "the link is there, the file behind it is not"));
    assert_string_equal(err.hint, "hf download org/name");

    assert_false(
        lt_hub_fail_missing(root, "x", &err)); /* outside of a cache: nothing to download */
    assert_string_equal(err.hint, "");
    free(link);
    free(snapshot);
    temp_dir_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),       cmocka_unit_test(test_roots),
        cmocka_unit_test(test_revisions), cmocka_unit_test(test_absent),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
