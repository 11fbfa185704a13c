/* Workers are counted, but there is no list. */
#include "good.h"

static void spoil(void) {
  library.workers = NULL;
}
