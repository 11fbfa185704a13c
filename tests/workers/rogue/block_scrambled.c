/* `process` overwrites the output buffers: another address, and more frames than there are. */
#include "../hostile/good.h"

static aw_status scramble(aw_instance *it, const aw_block *block) {
  process(it, block);
  for (uint32_t i = 0; i < block->output_count; i++) {
    block->outputs[i].data = NULL;
    block->outputs[i].stride = block->outputs[i].frames = UINT32_MAX;
  }
  return aw_status_OK;
}
static void spoil(void) {
  worker.process = scramble;
}
