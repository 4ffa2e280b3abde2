/* test_forecast.c - what is forecast against what is taken, and what is said when it is too much.
 */
#define _DEFAULT_SOURCE
#include "pipeline/forecast.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cpu/cpu.h"
#include "pipeline_rig.h"
#include "support/check.h"

/* "VmHWM", "VmRSS", ... of this process in bytes. */
static size_t status_of(const char *key)
{
    char line[256];
    size_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            sscanf(line + strlen(key), ": %zu", &kib);
    fclose(f);
    return kib << 10;
}

typedef struct taken {
    size_t forecast, peak;
} taken;

static const lt_room endless = {SIZE_MAX, "nothing"};

/* A step and a picture in a process of its own, whose peak is nobody else's. */
static taken measure(const char *model, const char *dtype, int side, lt_tiling tiling)
{
    int ends[2], status;
    taken t = {0};
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pipeline_rig r;
        lt_run *run;
        lt_error fault = {0};
        pipeline_rig_open(model, &lt_cpu_backend, dtype, &r);
        lt_work work = {.prompts = 1,
                        .per_prompt = 1,
                        .width = side,
                        .height = side,
                        .guided = true,
                        .tiling = tiling};
        CHECK_OK(
            lt_forecast_bytes(r.engine, &work, lt_engine_about(r.engine)->dtype, &t.forecast, err));
        t.forecast += status_of("VmRSS");
        lt_params p = pipeline_params("a fox", 1, "1", false, 1);
        p.size = (lt_size){side, side};
        p.vae_tiling = lt_strdup(lt_tiling_name(tiling));
        lt_run_options options = {.params = &p, .room = &endless};
        CHECK_OK(lt_run_begin(r.engine, &options, &run, NULL, err));
        assert_int_equal(lt_run_step(run, NULL, &fault), LT_STEP_DONE);
        float *pixels = lt_alloc_array((size_t)side * (size_t)side * 3, sizeof *pixels);
        const lt_run_view *v = lt_run_about(run);
        CHECK_OK(lt_engine_decode(r.engine, 1, v->h, v->w, v->latents, pixels, NULL, err));
        t.peak = status_of("VmHWM");
        _exit(write(ends[1], &t, sizeof t) == (ssize_t)sizeof t ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &t, sizeof t), sizeof t);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return t;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { OWN_MEMORY = false }; /* a sanitizer takes more than the program */
#else
enum { OWN_MEMORY = true };
#endif

/* Seen: 10 to 19 MB above the peak with the demo model, 1.02 to 1.04 of it with SD 1.4's size. */
static void test_peaks(void **state)
{
    (void)state;
    static const struct {
        const char *dtype;
        int side;
        lt_tiling tiling;
    } cases[] = {
        {"f32", 64, LT_TILING_AUTO}, {"bf16", 256, LT_TILING_AUTO}, {"f32", 320, LT_TILING_ON}};
    bool fast;
    if (!OWN_MEMORY)
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].dtype, "bf16") == 0 && !lt_cpu_backend.supports(LT_BF16, &fast))
            continue;
        taken t = measure("demo", cases[i].dtype, cases[i].side, cases[i].tiling);
        if (t.forecast < t.peak || (double)t.forecast > 1.1 * (double)t.peak + 30e6)
            fail_msg("%s, %d pixels: forecast %zu, peak %zu", cases[i].dtype, cases[i].side,
                     t.forecast, t.peak);
    }
}

/* Every backend's own word against what it then has. */
static void test_backends(void **state)
{
    (void)state;
    static const lt_backend_ops *const all[] = {&lt_ref_backend, &lt_cpu_backend};
    for (int b = 0; b < 2; b++) {
        pipeline_rig r;
        lt_forecast f;
        lt_engine_load load = {.images = 5, .h = 8, .w = 8, .guided = true, .one_prompt = true};
        pipeline_rig_open("sd1", all[b], "f32", &r);
        CHECK_OK(lt_engine_forecast(r.engine, LT_F32, &load, &f, err));
        const lt_clip_config *clip = lt_engine_about(r.engine)->clip;
        size_t tokens = (size_t)clip->max_position_embeddings;
        int32_t *ids = lt_alloc_array(tokens, sizeof *ids);
        float *text = lt_alloc_array(tokens * (size_t)clip->hidden_size, sizeof *text);
        CHECK_OK(lt_engine_encode_text(r.engine, ids, text, NULL, err));
        const float timestep = 999;
        size_t shifts = (size_t)lt_unet_shifts(lt_engine_about(r.engine)->unet);
        float *shift = lt_alloc_array(shifts, sizeof *shift);
        CHECK_OK(lt_engine_time(r.engine, 1, &timestep, shift, NULL, err));
        free(shift);
        CHECK_OK(lt_engine_prepare(r.engine, &load, NULL, err));
        lt_memory m = lt_engine_memory(r.engine);
        assert_in_range(f.weights, m.weights * 9 / 10, m.weights * 11 / 10); /* packing pads */
        /* narrow heads are taken as if they were packed as 64 numbers */
        assert_in_range(f.activations, m.activations, m.activations * 11 / 10 + (6 << 20));
        CHECK_OK(lt_engine_forecast(r.engine, LT_F32, &load, &f, err)); /* it is all there now */
        assert_int_equal(f.weights + f.activations + f.packing, 0);
        load.w = 16; /* another size costs no weights */
        CHECK_OK(lt_engine_forecast(r.engine, LT_F32, &load, &f, err));
        assert_int_equal(f.weights, 0);
        assert_true(f.activations > 0);
        free(ids);
        free(text);
        pipeline_rig_close(&r);
    }
}

static lt_work square(int side, int per_prompt)
{
    return (lt_work){
        .prompts = 1, .per_prompt = per_prompt, .width = side, .height = side, .guided = true};
}

/* The hint's size fits, and the next one does not. */
static void test_size_hint(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_error fault = {0};
    int width, height;
    const lt_room room = {(size_t)1 << 30, "cgroup limit"};
    lt_work work = square(8192, 1);
    pipeline_rig_open("demo", &lt_cpu_backend, "f32", &r);
    work.height = 4096;
    assert_false(lt_forecast_check(r.engine, &work, &room, &fault));
    assert_int_equal(fault.code, LT_ERR_MEMORY);
    assert_non_null(strstr(fault.message, "1 picture of 8192x4096 in f32: needs about "));
    assert_non_null(strstr(fault.message, " GB, 1.1 GB may be used (cgroup limit)"));
    assert_int_equal(sscanf(fault.hint, "--size %dx%d", &width, &height), 2);
    assert_in_range(width, 1.9 * height, 2.2 * height);
    work.width = width;
    work.height = height;
    CHECK_OK(lt_forecast_check(r.engine, &work, &room, err));
    work.width += 128;
    work.height += 64;
    assert_false(lt_forecast_check(r.engine, &work, &room, &fault));
    pipeline_rig_close(&r);
}

/* Fewer pictures, or a narrower type, where these help. */
static void test_other_hints(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_error fault = {0};
    size_t one, four;
    bool fast, narrow = lt_cpu_backend.supports(LT_BF16, &fast);
    pipeline_rig_open("demo", &lt_cpu_backend, "f32", &r);
    lt_work work = square(512, 1), more = square(512, 4);
    work.tiling = more.tiling = LT_TILING_OFF;
    CHECK_OK(lt_forecast_bytes(r.engine, &work, LT_F32, &one, err));
    CHECK_OK(lt_forecast_bytes(r.engine, &more, LT_F32, &four, err));
    lt_room room = {one, "free memory"};
    CHECK_OK(lt_forecast_check(r.engine, &work, &room, err));
    assert_false(lt_forecast_check(r.engine, &more, &room, &fault));
    assert_non_null(strstr(fault.message, "4 pictures of 512x512"));
    assert_non_null(strstr(fault.hint, " or --batch 1"));
    more.own_generators = true;
    assert_false(lt_forecast_check(r.engine, &more, &room, &fault));
    assert_non_null(strstr(fault.hint, " or as many --seeds as 1"));
    room.bytes = one - 1;
    assert_false(lt_forecast_check(r.engine, &work, &room, &fault));
    assert_null(strstr(fault.hint, "--batch"));
    assert_int_equal(strstr(fault.hint, "--dtype bf16") != NULL, narrow);
    room.bytes = 1000;
    assert_false(lt_forecast_check(r.engine, &work, &room, &fault));
    assert_string_equal(fault.hint, "a smaller model, or more memory");
    pipeline_rig_close(&r);
}

static size_t device_room; /* of the device that is played */

static size_t room_of_device(const lt_backend *b)
{
    (void)b;
    return device_room;
}

/* Programs in a device's memory: pictures go in smaller groups where it is short, until one by one
 * is too much as well; the host needs less. */
static void test_device(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_error fault = {0};
    size_t all;
    lt_backend_ops device = lt_cpu_backend;
    const lt_room room = {SIZE_MAX, "free memory"};
    lt_work work = square(128, 4);
    lt_engine_load load = {.images = 4, .h = 32, .w = 32, .guided = true, .one_prompt = true};
    lt_forecast four, one;
    device.room = room_of_device;
    pipeline_rig_open("demo", &device, "f32", &r);
    work.width = work.height = 32 * lt_engine_about(r.engine)->vae->factor;
    CHECK_OK(lt_engine_forecast(r.engine, LT_F32, &load, &four, err));
    CHECK_OK(lt_forecast_bytes(r.engine, &work, LT_F32, &all, err));
    device_room = four.weights + four.activations;
    const lt_room host = {all - device_room, "free memory"};
    CHECK_OK(lt_forecast_check(r.engine, &work, &host, err));
    device_room--;
    CHECK_OK(lt_forecast_check(r.engine, &work, &room, err));
    CHECK_OK(lt_engine_forecast(r.engine, LT_F32, &load, &one, err));
    assert_true(one.activations < four.activations);
    device_room = 1000;
    assert_false(lt_forecast_check(r.engine, &work, &room, &fault));
    assert_int_equal(fault.code, LT_ERR_MEMORY);
    assert_non_null(strstr(fault.message, "may be used (free memory of the device)"));
    assert_false(lt_engine_split(r.engine));
    pipeline_rig_close(&r);
}

/* What was compiled for another size goes, if that helps, and only then. */
static void test_other_sizes(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_error fault = {0};
    size_t needed;
    lt_work work = square(64, 1);
    lt_engine_load load = {.images = 1, .h = 32, .w = 32, .guided = true};
    pipeline_rig_open("demo", &lt_cpu_backend, "f32", &r);
    CHECK_OK(lt_engine_prepare(r.engine, &load, NULL, err));
    size_t activations = lt_engine_memory(r.engine).activations;
    CHECK_OK(lt_forecast_bytes(r.engine, &work, LT_F32, &needed, err));
    lt_room room = {needed, "free memory"};
    CHECK_OK(lt_forecast_check(r.engine, &work, &room, err));
    assert_int_equal(lt_engine_memory(r.engine).activations, activations);
    room.bytes = needed - activations;
    CHECK_OK(lt_forecast_check(r.engine, &work, &room, err));
    assert_int_equal(lt_engine_memory(r.engine).activations, 0);
    assert_false(lt_engine_trim(r.engine, 0, 0));
    CHECK_OK(lt_engine_prepare(r.engine, &load, NULL, err));
    room.bytes--;
    assert_false(lt_forecast_check(r.engine, &work, &room, &fault));
    assert_int_equal(fault.code, LT_ERR_MEMORY);
    pipeline_rig_close(&r);
}

/* Where only tiles fit, auto takes them, and what is taken is what was forecast; off is offered
 * them; whoever has room gets the whole. */
static void test_tiles(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_error fault = {0};
    size_t whole, tiled;
    lt_work work = square(512, 1), on = work, off = work;
    on.tiling = LT_TILING_ON;
    off.tiling = LT_TILING_OFF;
    pipeline_rig_open("demo", &lt_cpu_backend, "f32", &r);
    CHECK_OK(lt_forecast_bytes(r.engine, &work, LT_F32, &whole, err));
    CHECK_OK(lt_forecast_bytes(r.engine, &on, LT_F32, &tiled, err));
    assert_true(tiled < whole / 4 * 3); /* 127 MB of 210 */
    lt_room room = {whole, "free memory"};
    int side = 512 / lt_engine_about(r.engine)->vae->factor;
    CHECK_OK(lt_forecast_check(r.engine, &work, &room, err));
    assert_false(lt_engine_tiles(r.engine, side, side));
    room.bytes = tiled;
    CHECK_OK(lt_forecast_check(r.engine, &work, &room, err));
    assert_true(lt_engine_tiles(r.engine, side, side));
    CHECK_OK(lt_forecast_check(r.engine, &on, &room, err));
    assert_false(lt_forecast_check(r.engine, &off, &room, &fault));
    assert_false(lt_engine_tiles(r.engine, side, side));
    assert_non_null(strstr(fault.hint, " or --vae-tiling on"));
    room.bytes = tiled - 1;
    assert_false(lt_forecast_check(r.engine, &work, &room, &fault));
    assert_null(strstr(fault.hint, "tiling"));
    assert_false(lt_engine_tiles(r.engine, side, side));
    pipeline_rig_close(&r);
}

/* A run that is refused has done nothing yet. */
static void test_run(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_run *run;
    const lt_room room = {(size_t)100 << 20, "ulimit -v"};
    pipeline_rig_open("demo", &lt_ref_backend, "f32", &r);
    lt_params p = pipeline_params("a fox", 1, "1", false, 1);
    lt_run_options options = {.params = &p, .room = &room};
    p.size = (lt_size){4096, 4096};
    CHECK_FAILS(lt_run_begin(r.engine, &options, &run, NULL, err), LT_ERR_MEMORY, "(ulimit -v)");
    assert_int_equal(lt_engine_memory(r.engine).weights, 0);
    options.keep_uncond = true; /* a trace of a thousand steps */
    p.size = (lt_size){64, 64};
    CHECK_OK(lt_run_begin(r.engine, &options, &run, NULL, err));
    lt_run_free(run);
    p.steps = 1000;
    p.batch = 1024;
    CHECK_FAILS(lt_run_begin(r.engine, &options, &run, NULL, err), LT_ERR_MEMORY, "1024 pictures");
    lt_params_done(&p);
    pipeline_rig_close(&r);
}

/* Beside a run nothing that it was compiled for goes, and its groups stay; the VAE's tiles may be
 * taken. */
static void test_beside_run(void **state)
{
    (void)state;
    pipeline_rig r;
    lt_error fault = {0};
    size_t whole, tiled;
    lt_backend_ops device = lt_cpu_backend;
    lt_work work = square(512, 1), on = square(512, 1);
    lt_engine_load load = {.images = 4, .h = 8, .w = 8, .guided = true, .one_prompt = true};
    device.room = room_of_device;
    work.beside_run = true;
    on.tiling = LT_TILING_ON;
    pipeline_rig_open("demo", &lt_cpu_backend, "f32", &r);
    CHECK_OK(lt_engine_prepare(r.engine, &load, NULL, err));
    size_t activations = lt_engine_memory(r.engine).activations;
    CHECK_OK(lt_forecast_bytes(r.engine, &work, LT_F32, &whole, err));
    CHECK_OK(lt_forecast_bytes(r.engine, &on, LT_F32, &tiled, err));
    lt_room room = {whole - 1, "free memory"};
    CHECK_OK(lt_forecast_check(r.engine, &work, &room, err));
    int side = 512 / lt_engine_about(r.engine)->vae->factor;
    assert_true(lt_engine_tiles(r.engine, side, side));
    room.bytes = tiled - 1;
    assert_false(lt_forecast_check(r.engine, &work, &room, &fault));
    assert_int_equal(fault.code, LT_ERR_MEMORY);
    assert_int_equal(lt_engine_memory(r.engine).activations, activations);
    pipeline_rig_close(&r);
    pipeline_rig_open("demo", &device, "f32", &r);
    CHECK_OK(lt_engine_prepare(r.engine, &load, NULL, err));
    device_room = 1000;
    assert_false(lt_forecast_check(r.engine, &work, &endless, &fault));
    assert_true(lt_engine_memory(r.engine).activations > 0);
    assert_true(lt_engine_split(r.engine) && lt_engine_split(r.engine)); /* from 4 to 1 */
    assert_false(lt_engine_split(r.engine));
    pipeline_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peaks), /* first: its processes must not inherit threads */
        cmocka_unit_test(test_backends),    cmocka_unit_test(test_size_hint),
        cmocka_unit_test(test_other_hints), cmocka_unit_test(test_device),
        cmocka_unit_test(test_other_sizes), cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_run),         cmocka_unit_test(test_beside_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
