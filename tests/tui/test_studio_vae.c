/* test_studio_vae.c - a picture through the autoencoder: its pictures and numbers are those of
 * `latentty roundtrip`. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/compare.h"
#include "image/font.h"
#include "studio_rig.h"

#define SETTINGS "-p a_red_fox --size 64x64 --seed 7 --steps 8 --guidance-scale 7.5"
enum { SIDE = 64, GAP = 8, CAPTION = LT_FONT_HEIGHT + 4, ROW_GAP = 2 /* of roundtrip's file */ };

static rig done(const terminal_options *options)
{
    rig r = rig_ready(options, SETTINGS, "--run");
    rig_wait(&r, "DONE 8/8");
    return r;
}

static lt_image *part(const lt_image *sheet, int i, int gap)
{
    lt_image *image;
    CHECK_OK(lt_image_crop(sheet, (lt_rect){i * (SIDE + gap), 0, SIDE, SIDE}, &image, err));
    return image;
}

/* What `latentty roundtrip` makes of a file of 64x64 pixels; its JSON. */
static lt_image *roundtrip(rig *r, const char *file, int i)
{
    char *line = lt_format("roundtrip %s -o back.png", file);
    assert_int_equal(rig_run(r, line), 0);
    lt_image *row = rig_read_png(r, "back.png", NULL), *image = part(row, i, ROW_GAP);
    lt_image_unref(row);
    free(line);
    return image;
}

/* The numbers on the screen are those between two pictures. */
static void check_numbers(rig *r, const lt_image *original, const lt_image *decoded)
{
    char text[128];
    lt_image_distance d;
    CHECK_OK(lt_image_compare(original, decoded, &d, err));
    snprintf(text, sizeof text, "PSNR %.2f dB   mean |difference| %.2f of 255   largest %d", d.psnr,
             d.mae, d.max);
    rig_wait(r, text);
}

static void check_sheet(rig *r, const lt_image *original, const lt_image *decoded, int gain)
{
    lt_png_texts texts = {0};
    lt_image *difference, *sheet = rig_read_png(r, "latentty-autoencoder.png", &texts);
    assert_int_equal(sheet->width, 4 * SIDE + 3 * GAP);
    assert_int_equal(sheet->height, SIDE + CAPTION);
    CHECK_OK(lt_image_difference(original, decoded, gain, &difference, err));
    const lt_image *want[] = {original, decoded, difference};
    for (int i = 0; i < 3; i++) {
        lt_image *got = part(sheet, i, GAP);
        rig_same_pixels(got, want[i]);
        lt_image_unref(got);
    }
    assert_null(lt_png_texts_get(&texts, "parameters"));
    assert_null(lt_png_texts_get(&texts, "latentty"));
    assert_non_null(strstr(lt_png_texts_get(&texts, "Description"),
                           "run 1 step 8 through the autoencoder of demo: original, decoded"));
    lt_image_unref(difference);
    lt_image_unref(sheet);
    lt_png_texts_done(&texts);
    assert_int_equal(rig_run(r, "reproduce latentty-autoencoder.png"), 1);
}

static void check_shown(const terminal_options *options)
{
    rig r = done(options);
    lt_image *original = rig_saved(&r, "latentty-7.png");
    lt_image *decoded = roundtrip(&r, "latentty-7.png", 1);
    rig_keys(&r, ":set size 128x128<enter>"); /* of the next run, not of this picture */
    rig_wait(&r, "size is 128x128");
    rig_keys(&r, "O");
    rig_wait(&r, "autoencoder  run 1 step 8  64x64  difference x4");
    rig_wait(&r, "64 times fewer positions, 48 times fewer numbers");
    rig_wait(&r, "64x64 pixels x3 = 12288 numbers became 8x8 latents x4 = 256");
    rig_match(&r, " 4 +-?[0-9.]+ to +-?[0-9.]+ mean +-?[0-9.]+ rms [0-9.]+");
    check_numbers(&r, original, decoded);
    assert_false(rig_shows(&r, "prompt>"));
    rig_keys(&r, "+");
    rig_wait(&r, "difference x8");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-autoencoder.png");
    rig_saves_same(&r, "latentty-autoencoder.png");
    check_sheet(&r, original, decoded, 8);
    rig_keys(&r, "----");
    rig_wait(&r, "difference x1 ");
    rig_keys(&r, "s");
    rig_wait(&r, "saved latentty-autoencoder-2.png");
    rig_sound_cleared(&r);
    rig_keys(&r, "<esc>");
    rig_wait(&r, "prompt>");
    rig_wait(&r, "Step 8 of 8");
    rig_sound_cleared(&r);
    lt_image_unref(original);
    lt_image_unref(decoded);
    rig_leave(&r);
}

static void test_shown(void **state)
{
    (void)state;
    check_shown(NULL);
    check_shown(&rig_large);
}

/* A file, by its name with Tab; one of another size is made to fit, as an init image is. */
static void test_file(void **state)
{
    (void)state;
    rig r = rig_ready(NULL, "-p a_red_fox --seed 7 --steps 2", "");
    lt_image *odd, *image;
    char *path = lt_path_join(r.dir, "odd.png");
    rig_watch(&r);
    rig_keys(&r, "O");
    rig_wait(&r, "no picture is shown yet");
    CHECK_OK(lt_image_new(75, 50, &odd, err));
    for (size_t i = 0; i < lt_image_bytes(odd); i++)
        odd->rgb[i] = (unsigned char)(i % 225 + i / 225 % 30);
    CHECK_OK(lt_png_write(path, odd, NULL, 1, err));
    rig_keys(&r, ":autoencoder o<tab><enter>");
    rig_wait(&r, "autoencoder  odd.png  72x48, resized from 75x50");
    rig_wait(&r, "64 times fewer positions, 48 times fewer numbers");
    rig_wait(&r, "72x48 pixels x3 = 10368 numbers became 9x6 latents x4 = 216");
    rig_keys(&r, ":set size 64x64<enter>:autoencoder odd.png<enter>");
    rig_wait(&r, "autoencoder  odd.png  64x64, resized from 75x50");
    assert_int_equal(rig_run(&r, "render -q -p fox --seed 7 --steps 1 --size 64x64 -o fox.png"), 0);
    rig_keys(&r, ":autoencoder fox.png<enter>");
    rig_wait(&r, "autoencoder  fox.png  64x64  difference");
    image = roundtrip(&r, "fox.png", 0);
    lt_image *decoded = roundtrip(&r, "fox.png", 1);
    check_numbers(&r, image, decoded);
    lt_image_unref(decoded);
    lt_image_unref(image);
    lt_image_unref(odd);
    free(path);
    rig_sound_cleared(&r);
    rig_leave(&r);
}

/* The demo model as "other", but for one of the VAE's numbers. */
static void make_other(const rig *r)
{
    static const char *const same[] = {"model_index.json", "scheduler", "text_encoder",
                                       "tokenizer",        "unet",      "vae/config.json"};
    static const char weights[] = "vae/diffusion_pytorch_model.safetensors";
    lt_buf file = {0};
    char *folder = lt_path_join(r->dir, "other"), *vae = lt_path_join(folder, "vae");
    char *from = lt_format("%s/demo/%s", LT_ASSETS, weights), *to = lt_path_join(folder, weights);
    CHECK_OK(lt_dir_make(folder, err));
    CHECK_OK(lt_dir_make(vae, err));
    CHECK_OK(lt_file_read(from, 1 << 26, &file, err));
    file.data[file.len - 4] ^= 1;
    CHECK_OK(lt_file_write(to, file.data, file.len, err));
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        char *old = lt_format("%s/demo/%s", LT_ASSETS, same[i]);
        char *link = lt_path_join(folder, same[i]);
        assert_int_equal(symlink(old, link), 0);
        free(old);
        free(link);
    }
    char *all[] = {folder, vae, from, to};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    lt_buf_done(&file);
}

/* A run that waited begins with another model: what is shown goes through that one's autoencoder.
 */
static void test_other_model(void **state)
{
    (void)state;
    rig r = done(&rig_large);
    make_other(&r);
    rig_keys(&r, ":set steps 100<enter><enter>");
    rig_wait(&r, "Step 2 of 100");
    rig_keys(&r, "<space>");
    rig_wait(&r, "PAUSED");
    rig_keys(&r, ":set steps 2<enter>:set model other<enter>:queue<enter>");
    rig_wait(&r, "queued: 1 wait");
    rig_keys(&r, "O");
    rig_match(&r, "decoded in [0-9.]+ s by demo");
    rig_keys(&r, ":stop<enter>");
    rig_match(&r, "decoded in [0-9.]+ s by other");
    rig_leave(&r);
}

/* What cannot be opened is said in words, and the keys go on. */
static void test_faults(void **state)
{
    (void)state;
    rig r = rig_ready(&rig_large, "-p a_red_fox --seed 7 --steps 2", "");
    lt_image *narrow;
    char *text = lt_path_join(r.dir, "text.png"), *thin = lt_path_join(r.dir, "thin.png");
    CHECK_OK(lt_file_write(text, "no picture\n", 11, err));
    CHECK_OK(lt_image_new(100, 4, &narrow, err));
    CHECK_OK(lt_png_write(thin, narrow, NULL, 1, err));
    rig_watch(&r);
    rig_keys(&r, ":autoencoder none.png<enter>");
    rig_wait(&r, "cannot open 'none.png'");
    rig_wait(&r, "Type what the picture shows"); /* what was seen stays */
    rig_keys(&r, ":autoencoder text.png<enter>");
    rig_match(&r, "'text.png': .*PNG");
    rig_wait(&r, "there is no picture of text.png");
    rig_keys(&r, "s");
    rig_wait(&r, "there is nothing to save yet");
    rig_keys(&r, ":autoencoder thin.png<enter>");
    rig_wait(&r, "'thin.png': the picture has 100x4 pixels, expected sides of 8 to 8192");
    rig_keys(&r, "e");
    rig_wait(&r, "hint:");
    rig_gone(&r, "there is no picture"); /* all of the page is there: Esc and q are apart */
    rig_keys(&r, "<esc>");
    rig_wait(&r, "there is no picture of thin.png");
    rig_keys(&r, "q");
    rig_wait(&r, "prompt>");
    lt_image_unref(narrow);
    free(text);
    free(thin);
    rig_sound(&r);
    rig_leave(&r);
}

/* While a run is at work: it comes between two steps, and the run goes on. */
static void test_beside_a_run(void **state)
{
    (void)state;
    rig r = done(NULL);
    rig_keys(&r, ":steps 200<enter>");
    rig_wait(&r, "steps is 200");
    rig_keys(&r, "<enter>");
    rig_match(&r, "RUN +[1-9][0-9]*/200");
    rig_keys(&r, "<space>");
    rig_wait(&r, "PAUSED");
    rig_keys(&r, "<space>O");
    rig_match(&r, "autoencoder  run 2 step [0-9]+  64x64  difference x4");
    rig_wait(&r, "64 times fewer positions");
    rig_wait(&r, "DONE 200/200");
    assert_true(rig_shows(&r, "64 times fewer positions"));
    rig_sound_cleared(&r);
    rig_leave(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),        cmocka_unit_test(test_other_model),
        cmocka_unit_test(test_file),         cmocka_unit_test(test_faults),
        cmocka_unit_test(test_beside_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
