/* A worker that cannot be made: no `create`. */
#include "good.h"

static void spoil(void) {
  worker.create = NULL;
}
