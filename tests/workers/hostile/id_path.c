/* A worker whose id is a path. */
#include "good.h"

static void spoil(void) {
  worker.id = "../../etc/passwd";
}
