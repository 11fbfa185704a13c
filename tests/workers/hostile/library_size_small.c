/* The library says it is 8 bytes long: no workers can be read. */
#include "good.h"

static void spoil(void) {
  library.size = 8;
}
