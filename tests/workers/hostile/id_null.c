/* A worker without an id: null. */
#include "good.h"

static void spoil(void) {
  worker.id = NULL;
}
