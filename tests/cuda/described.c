/* described.c - see described.h. */
#include "described.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/check.h"

lt_cudnn *described(const char *name)
{
    char *path = lt_format(LT_TEST_DATA "/cuda/%s.json", name);
    lt_buf json = {0};
    lt_cudnn *c = NULL;
    CHECK_OK(lt_file_read(path, 1 << 16, &json, err));
    CHECK_OK(lt_cudnn_describe(json.data, &c, err));
    assert_false(lt_cudnn_is_there(c));
    lt_buf_done(&json);
    free(path);
    return c;
}
