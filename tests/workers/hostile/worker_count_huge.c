/* Four thousand million workers in a list of one. */
#include "good.h"

static void spoil(void) {
  library.worker_count = UINT32_MAX;
}
