/* A worker without `reset`, which is not optional. */
#include "good.h"

static void spoil(void) {
  worker.reset = NULL;
}
