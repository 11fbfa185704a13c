/* A worker without `process`. */
#include "good.h"

static void spoil(void) {
  worker.process = NULL;
}
