/* Two workers of the same id. */
#include "good.h"

static void spoil(void) {
  workers[1] = &worker;
  library.worker_count = 2;
}
