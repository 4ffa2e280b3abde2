/* info_png.c - a picture and the settings that it carries. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/info_kinds.h"
#include "cli/output.h"
#include "image/png.h"
#include "pipeline/a1111.h"
#include "pipeline/meta.h"

/* Our settings, if the picture has them; owned. */
static json_object *settings_of(const lt_png_texts *texts)
{
    const char *text = lt_png_texts_get(texts, LT_META_JSON);
    json_object *o = text ? json_tokener_parse(text) : NULL;
    if (o && !json_object_is_type(o, json_type_object)) {
        json_object_put(o);
        o = NULL;
    }
    return o;
}

/* text as one word of a POSIX shell. */
static void add_word(lt_buf *out, const char *text)
{
    if (*text && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789._/-")] == '\0') {
        lt_buf_str(out, text);
        return;
    }
    lt_buf_char(out, '\'');
    for (; *text; text++)
        if (*text == '\'')
            lt_buf_str(out, "'\\''");
        else
            lt_buf_char(out, *text);
    lt_buf_char(out, '\'');
}

static const char *member(const json_object *o, const char *key)
{
    json_object *value;
    return json_object_object_get_ex(o, key, &value) && value ? json_object_get_string(value)
                                                              : NULL;
}

/* What the picture says may come from anyone: every value is quoted for the shell. */
static void add_option(lt_buf *out, const char *flag, const char *value)
{
    lt_buf_format(out, " %s", flag);
    add_word(out, value);
}

/* The command that makes the picture again. */
static void command_of(const json_object *o, lt_buf *out)
{
    static const struct {
        const char *key, *flag;
    } rows[] = {
        {"prompt", "--prompt="},
        {"negative_prompt", "--negative-prompt="},
        {"guidance_scale", "--guidance-scale="},
        {"steps", "--steps="},
        {"latents", "--latents="},
        {"scheduler", "--scheduler="},
        {"timestep_spacing", "--timestep-spacing="},
        {"variation_seed", "--variation-seed="},
        {"variation_strength", "--variation-strength="},
        {"init_image", "--init-image="},
        {"strength", "--strength="},
        {"vae_tiling", "--vae-tiling="},
        {"model", "--model="},
        {"unet", "--unet="},
        {"vae", "--vae="},
        {"text_encoder", "--text-encoder="},
        {"tokenizer", "--tokenizer="},
        {"variant", "--variant="},
        {"backend", "--backend="},
        {"dtype", "--dtype="},
    };
    lt_buf_str(out, "latentty render --no-config"); /* what is not said here is the program's */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = member(o, rows[i].key);
        if (!value || (!*value && i > 0))
            continue;
        add_option(out, rows[i].flag, value);
    }
    const char *width = member(o, "width"), *height = member(o, "height"),
               *seed = member(o, "seed"), *own = member(o, "own_generator"),
               *images = member(o, "images");
    bool own_generator = own && strcmp(own, "true") == 0;
    bool many = !own_generator && images && strcmp(images, "1") != 0;
    if (width && height) {
        char *size = lt_format("%sx%s", width, height);
        add_option(out, "--size ", size);
        free(size);
    }
    if (seed)
        add_option(out, own_generator ? "--seeds " : "--seed ", seed);
    if (seed && many)
        add_option(out, "--batch ", images);
}

static json_object *a1111_json(const lt_a1111 *a)
{
    json_object *o = json_object_new_object(), *fields = json_object_new_object();
    for (int i = 0; i < a->count; i++)
        lt_output_set(fields, a->fields[i].key, lt_output_text(a->fields[i].value));
    lt_output_set(o, "prompt", lt_output_text(a->prompt));
    lt_output_set(o, "negative_prompt", lt_output_text(a->negative));
    lt_output_set(o, "fields", fields);
    return o;
}

static void print_json(const char *path, const lt_image *image, const lt_png_texts *texts)
{
    json_object *o = json_object_new_object(), *list = json_object_new_array(),
                *settings = settings_of(texts);
    const char *parameters = lt_png_texts_get(texts, LT_META_PARAMETERS);
    lt_buf command = {0};
    lt_a1111 a = {0};
    for (int i = 0; i < texts->count; i++) {
        json_object *row = json_object_new_object();
        lt_output_set(row, "key", lt_output_text(texts->items[i].key));
        lt_output_set(row, "value", lt_output_text(texts->items[i].value));
        json_object_array_add(list, row);
    }
    lt_output_set(o, "kind", json_object_new_string("png"));
    lt_output_set(o, "file", lt_output_text(path));
    lt_output_set(o, "width", json_object_new_int(image->width));
    lt_output_set(o, "height", json_object_new_int(image->height));
    lt_output_set(o, "text", list);
    if (settings)
        command_of(settings, &command);
    lt_output_set(o, "settings", settings);
    lt_output_set(o, "parameters",
                  parameters && lt_a1111_parse(parameters, &a) ? a1111_json(&a) : NULL);
    lt_output_set(o, "command", lt_output_text(command.data));
    lt_output_json(o);
    lt_a1111_done(&a);
    lt_buf_done(&command);
}

/* True if the text is not shown as it is. */
static bool is_escaped(const char *text)
{
    lt_buf shown = {0};
    lt_buf_escape(&shown, text, strlen(text));
    bool differs = strcmp(shown.data, text) != 0;
    lt_buf_done(&shown);
    return differs;
}

static void print_settings(const json_object *settings)
{
    lt_buf command = {0};
    lt_output_line(stdout, "made by latentty with:");
    json_object_object_foreach(settings, key, value)
    {
        if (json_object_is_type(value, json_type_array)) /* the trail */
            lt_output_line(stdout, "  %-17s %zu values, in --json", key,
                           json_object_array_length(value));
        else if (value)
            lt_output_line(stdout, "  %-17s %s", key, json_object_get_string(value));
    }
    const char *place = member(settings, "place"), *images = member(settings, "images");
    command_of(settings, &command);
    lt_output_line(stdout, "again:");
    lt_output_line(stdout, "  %s", command.data);
    if (is_escaped(command.data))
        lt_output_line(stdout, "  with control characters, shown escaped here; --json has them as "
                               "they are");
    if (place && images && strcmp(place, "0") != 0)
        lt_output_line(stdout, "  of which it is picture %s, counted from 0", place);
    lt_buf_done(&command);
}

static void print_parameters(const char *text)
{
    lt_a1111 a;
    if (lt_a1111_parse(text, &a)) {
        lt_output_line(stdout, "settings as AUTOMATIC1111's web UI writes them:");
        lt_output_line(stdout, "  %-17s %s", "Prompt", a.prompt);
        if (*a.negative)
            lt_output_line(stdout, "  %-17s %s", "Negative prompt", a.negative);
        for (int i = 0; i < a.count; i++) {
            const char *flag = lt_a1111_flag(a.fields[i].key);
            lt_output_line(stdout, "  %-17s %s%s%s%s", a.fields[i].key, a.fields[i].value,
                           flag ? "  (" : "", flag ? flag : "", flag ? ")" : "");
        }
    } else {
        lt_output_line(stdout, "parameters: %s", text);
    }
    lt_a1111_done(&a);
}

/* Of each picture in a sheet, a comparison or an animation. */
static bool print_pictures(const char *text)
{
    json_object *list = json_tokener_parse(text);
    bool ok = list && json_object_is_type(list, json_type_array);
    if (ok)
        lt_output_line(stdout, "settings of each of its pictures (%zu): in --json",
                       json_object_array_length(list));
    json_object_put(list);
    return ok;
}

static void print_table(const char *path, const lt_image *image, const lt_png_texts *texts)
{
    json_object *settings = settings_of(texts);
    const char *parameters = lt_png_texts_get(texts, LT_META_PARAMETERS);
    lt_output_line(stdout, "%s: a PNG picture, %dx%d", path, image->width, image->height);
    if (settings)
        print_settings(settings);
    else if (parameters)
        print_parameters(parameters);
    for (int i = 0; i < texts->count; i++) {
        const char *key = texts->items[i].key;
        bool shown =
            strcmp(key, LT_META_PARAMETERS) == 0 || (settings && strcmp(key, LT_META_JSON) == 0);
        if (strcmp(key, LT_META_PICTURES) == 0)
            shown = print_pictures(texts->items[i].value);
        if (!shown)
            lt_output_line(stdout, "text '%s': %s", key, texts->items[i].value);
    }
    if (texts->count == 0)
        lt_output_line(stdout, "it carries no settings");
    json_object_put(settings);
}

bool lt_cli_info_png(const lt_context *c, const char *path, lt_error *err)
{
    lt_image *image = NULL;
    lt_png_texts texts = {0};
    bool ok = lt_png_read(path, &image, &texts, err);
    if (ok && *texts.warning)
        lt_output_note(c, "warning: %s", texts.warning);
    if (ok && c->json)
        print_json(path, image, &texts);
    else if (ok && !c->quiet)
        print_table(path, image, &texts);
    lt_png_texts_done(&texts);
    lt_image_unref(image);
    return ok;
}
