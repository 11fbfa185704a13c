/* A worker that reads a file and may block, as one does that runs a foreign runtime. It copies `in` to `out`. */
#include "worker.h"
#include <stdlib.h>
#include <string.h>

struct aw_instance {
  uint32_t channels;
};

static aw_status create(const aw_host *host, const aw_value *values, aw_instance **out) {
  (void)host, (void)values;
  return (*out = calloc(1, sizeof **out)) ? aw_status_OK : aw_status_ERROR;
}
static aw_status prepare(aw_instance *it, aw_setup *setup) {
  it->channels = setup->inputs[0].format.channels;
  setup->inputs[0].frames = 0;
  if (setup->output_count) setup->outputs[0].format = setup->inputs[0].format, setup->outputs[0].frames = 0;
  return aw_status_OK;
}
static aw_status process(aw_instance *it, const aw_block *block) {
  for (uint32_t c = 0; block->output_count && c < it->channels; c++)
    memcpy((float *)block->outputs[0].data + (size_t)c * block->outputs[0].stride,
           (const float *)block->inputs[0].data + (size_t)c * block->inputs[0].stride,
           block->outputs[0].frames * sizeof(float));
  return aw_status_OK;
}
static void reset(aw_instance *it) { (void)it; }
static void destroy(aw_instance *it) { free(it); }
static const aw_port ports[] = {{.name = "in", .dir = aw_dir_IN, .kind = aw_kind_AUDIO},
                                {.name = "out", .dir = aw_dir_OUT, .kind = aw_kind_AUDIO}};
static const aw_param params[] = {
  {.name = "model", .doc = "The file that is read", .ty = aw_type_PATH, .flags = aw_param_REQUIRED}};
static const aw_worker reader = {.size = sizeof reader, .id = "reader", .summary = "Reads a file, and may block",
  .flags = aw_worker_MAY_BLOCK, .ports = ports, .port_count = 2, .params = params, .param_count = 1,
  .create = create, .prepare = prepare, .process = process, .reset = reset, .destroy = destroy};
static const aw_worker *const workers[] = {&reader};
static const aw_library library = {AW_ABI_MAJOR, AW_ABI_MINOR, sizeof library, 1, workers, NULL};
const aw_library *aw_entry(uint32_t abi, uint32_t minor) { return (void)minor, abi == AW_ABI_MAJOR ? &library : NULL; }
