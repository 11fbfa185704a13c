/* A worker whose id is empty. */
#include "good.h"

static void spoil(void) {
  worker.id = "";
}
