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

/* For the leak sanitizer.  What cuDNN compiles with is loaded and dropped for every plan, and what
 * it then still owns counts as lost: so nothing is dropped here.  cuBLASLt leaves a little where
 * there is no device. */
int dlclose(void *library);
const char *__lsan_default_suppressions(void);

int dlclose(void *library)
{
    (void)library;
    return 0;
}

const char *__lsan_default_suppressions(void)
{
    return "leak:cublasLtCreate\n";
}
