/* `prepare` overwrites what is not its own to write: counts, list pointers, port names and the input format. */
#include "../hostile/good.h"

static aw_status scramble(aw_instance *it, aw_setup *setup) {
  prepare(it, setup);
  setup->inputs[0].port = NULL;
  setup->inputs[0].format.channels = 77;
  setup->input_count = setup->output_count = UINT32_MAX;
  setup->inputs = setup->outputs = NULL;
  return aw_status_OK;
}
static void spoil(void) {
  worker.prepare = scramble;
}
