/* One of the workers is null. */
#include "good.h"

static void spoil(void) {
  workers[1] = NULL;
  library.worker_count = 2;
}
