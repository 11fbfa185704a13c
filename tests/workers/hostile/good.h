/* A faultless library with one worker, `victim`, that copies audio. A hostile library includes this file and does one
   thing wrong in `spoil`, which runs before the host sees anything. */
#include "worker.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct aw_instance {
  uint32_t channels;
};
static aw_status create(const aw_host *host, const aw_value *values, aw_instance **out) {
  (void)host, (void)values;
  *out = calloc(1, sizeof **out);
  return *out ? aw_status_OK : aw_status_ERROR;
}
static aw_status prepare(aw_instance *it, aw_setup *setup) {
  it->channels = setup->inputs[0].format.channels;
  setup->outputs[0].format = setup->inputs[0].format;
  return aw_status_OK;
}
static aw_status process(aw_instance *it, const aw_block *block) {
  for (uint32_t c = 0; c < it->channels; c++) {
    const float *x = (const float *)block->inputs[0].data + (size_t)c * block->inputs[0].stride;
    float *y = (float *)block->outputs[0].data + (size_t)c * block->outputs[0].stride;
    memcpy(y, x, block->outputs[0].frames * sizeof *y);
  }
  return aw_status_OK;
}
static void set_param(aw_instance *it, uint32_t index, double value) { (void)it, (void)index, (void)value; }
static void reset(aw_instance *it) { (void)it; }
static void destroy(aw_instance *it) { free(it); }

/* Room for a third of each, for libraries that declare more. */
static aw_port ports[3] = {{.name = "in", .dir = aw_dir_IN, .kind = aw_kind_AUDIO},
                           {.name = "out", .dir = aw_dir_OUT, .kind = aw_kind_AUDIO}};
static const char *choices[] = {"soft", "hard", NULL};
static aw_param params[3] = {
    {.name = "gain", .ty = aw_type_FLOAT, .flags = aw_param_LIVE, .default_num = 1, .min = 0, .max = 2},
    {.name = "knee", .ty = aw_type_TEXT, .default_text = "soft", .min = -INFINITY, .max = INFINITY,
     .choices = choices}};
static aw_worker worker = {.size = sizeof(aw_worker), .id = "victim", .summary = "Copies audio",
  .ports = ports, .port_count = 2, .params = params, .param_count = 2, .create = create, .prepare = prepare,
  .process = process, .set_param = set_param, .reset = reset, .destroy = destroy};
static const aw_worker *workers[2] = {&worker};
static aw_library library = {AW_ABI_MAJOR, AW_ABI_MINOR, sizeof(aw_library), 1, workers, NULL};
static const aw_library *answer = &library;

static void spoil(void);
const aw_library *aw_entry(uint32_t major, uint32_t minor) {
  (void)major, (void)minor;
  spoil();
  return answer;
}
