/* Two outputs that each stand for any number. */
#include "good.h"

static void spoil(void) {
  ports[1].flags = aw_port_MANY;
  ports[2] = ports[1];
  ports[2].name = "more";
  worker.port_count = 3;
}
