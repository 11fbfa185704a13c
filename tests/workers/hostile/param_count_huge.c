/* Four thousand million parameters in a list of two. */
#include "good.h"

static void spoil(void) {
  worker.param_count = UINT32_MAX;
}
