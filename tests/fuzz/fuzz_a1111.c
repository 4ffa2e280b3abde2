/* fuzz_a1111.c - input: the text chunk `parameters` of a PNG. */
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "fuzz.h"
#include "pipeline/a1111.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lt_a1111 a = {0};
    fuzz_input in = {.data = data, .size = size};
    char *text = fuzz_next(&in, NULL);
    bool settings = lt_a1111_parse(text, &a);
    LT_ASSERT(a.prompt && a.negative && strlen(a.prompt) <= strlen(text));
    LT_ASSERT(settings ? a.count > 0 : a.count == 0);
    for (int i = 0; i < a.count; i++) {
        LT_ASSERT(a.fields[i].key && a.fields[i].value);
        lt_a1111_flag(a.fields[i].key);
    }
    lt_a1111_done(&a);
    free(text);
    return 0;
}
