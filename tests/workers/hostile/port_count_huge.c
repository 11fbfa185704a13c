/* Four thousand million ports in a list of two. */
#include "good.h"

static void spoil(void) {
  worker.port_count = UINT32_MAX;
}
