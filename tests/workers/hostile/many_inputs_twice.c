/* Two inputs that each stand for any number: nobody can tell whose a named port is. */
#include "good.h"

static void spoil(void) {
  ports[0].flags = aw_port_MANY;
  ports[2] = ports[0];
  ports[2].name = "more";
  worker.port_count = 3;
}
