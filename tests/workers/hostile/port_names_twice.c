/* Two inputs of the same name. */
#include "good.h"

static void spoil(void) {
  ports[2] = ports[0];
  worker.port_count = 3;
}
