/* A worker without `destroy`. */
#include "good.h"

static void spoil(void) {
  worker.destroy = NULL;
}
