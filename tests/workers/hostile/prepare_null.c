/* A worker without `prepare`. */
#include "good.h"

static void spoil(void) {
  worker.prepare = NULL;
}
