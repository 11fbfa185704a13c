/* A text that names outputs; only the keys of a table can. */
#include "good.h"

static void spoil(void) {
  params[1].flags = aw_param_NAMES_OUTPUTS;
  ports[1].flags = aw_port_MANY;
}
