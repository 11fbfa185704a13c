/* The worker says it is 0 bytes long. */
#include "good.h"

static void spoil(void) {
  worker.size = 0;
}
