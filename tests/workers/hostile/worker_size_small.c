/* The worker ends in the middle of its function table. */
#include "good.h"

static void spoil(void) {
  worker.size = offsetof(aw_worker, process);
}
