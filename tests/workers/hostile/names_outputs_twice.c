/* Two tables that both name the outputs. */
#include "good.h"

static void spoil(void) {
  params[1] = (aw_param){.name = "these", .ty = aw_type_TABLE, .flags = aw_param_NAMES_OUTPUTS};
  params[2] = params[1];
  params[2].name = "those";
  worker.param_count = 3;
  ports[1].flags = aw_port_MANY;
}
