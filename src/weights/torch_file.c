/* torch_file.c - see torch_file.h.  Sources: the zip format, pickletools of Python 3.11. */
#include "weights/torch_file.h"

#include <string.h>

bool lt_torch_file_named(const char *path)
{
    static const char *const ends[] = {".ckpt", ".bin", ".pt", ".pth"};
    size_t n = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t k = strlen(ends[i]);
        if (n >= k && strcmp(path + n - k, ends[i]) == 0)
            return true;
    }
    return false;
}

/* A zip of pickles, or since torch 0.1 a bare one: PROTO 2 to 5, and an opcode that begins one. */
bool lt_torch_file_starts(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    if (n >= 4 && memcmp(p, "PK\003\004", 4) == 0)
        return true;
    return n >= 3 && p[0] == 0x80 && p[1] >= 2 && p[1] <= 5 && p[2] &&
           strchr("}](cXK\x8A\x8C\x95", p[2]);
}

bool lt_torch_file_refuse(const char *path, lt_error *err)
{
    return lt_fail(err, LT_ERR_MODEL,
                   "python3 -c \"import sys, torch, safetensors.torch as s; "
                   "d = torch.load(sys.argv[1], weights_only=True); "
                   "s.save_file({k: v.contiguous() for k, v in d.get('state_dict', d).items()}, "
                   "sys.argv[2])\" IN.ckpt OUT.safetensors",
                   "cannot load '%s': torch files can run code when they are read; latentty reads "
                   "safetensors only",
                   path);
}
