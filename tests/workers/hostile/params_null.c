/* Parameters are counted, but there is no list. */
#include "good.h"

static void spoil(void) {
  worker.params = NULL;
}
