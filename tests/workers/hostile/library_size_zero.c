/* The library says it is 0 bytes long. */
#include "good.h"

static void spoil(void) {
  library.size = 0;
}
