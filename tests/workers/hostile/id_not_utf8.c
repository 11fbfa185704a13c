/* A worker whose id is not UTF-8. */
#include "good.h"

static void spoil(void) {
  worker.id = "vi\xC3\x28tim";
}
