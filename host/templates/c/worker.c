/* The worker `{{name}}`. For now it makes audio louder or softer: change `ports`, `params` and what `process` does.

   {{build}} */
#include "worker.h"
#include <stdlib.h>
#include <string.h>

/* Ours alone: the host only carries the pointer. */
struct aw_instance {
  const aw_host *host;
  float gain;
  uint32_t channels;
};

/* A refusal is a message for the graph's author, and a status. */
static aw_status refuse(const aw_host *host, const char *why) {
  if (host->log) host->log(host->ctx, aw_level_ERROR, why, strlen(why));
  return aw_status_ERROR;
}

/* The values come from the graph file, in the order of `params`; the host has checked them. */
static aw_status create(const aw_host *host, const aw_value *values, aw_instance **out) {
  aw_instance *it = calloc(1, sizeof *it);
  if (!it) return refuse(host, "no memory left");
  it->host = host;
  it->gain = (float)values[0].num;
  *out = it;
  return aw_status_OK;
}

/* Says what leaves, given what arrives. All memory that `process` needs is taken here. */
static aw_status prepare(aw_instance *it, aw_setup *setup) {
  it->channels = setup->inputs[0].format.channels;
  setup->inputs[0].frames = 0; /* as many samples as there are */
  setup->outputs[0].frames = 0;
  setup->outputs[0].format = setup->inputs[0].format;
  return aw_status_OK;
}

/* Turns samples into samples. No memory, no locks, no waiting in here. */
static aw_status process(aw_instance *it, const aw_block *block) {
  const aw_buffer *in = &block->inputs[0], *out = &block->outputs[0];
  for (uint32_t c = 0; c < it->channels; c++) {
    const float *x = (const float *)in->data + (size_t)c * in->stride;
    float *y = (float *)out->data + (size_t)c * out->stride;
    for (uint32_t i = 0; i < out->frames; i++) y[i] = it->gain * x[i];
  }
  return aw_status_OK;
}

/* `gain` is the only live parameter. */
static void set_param(aw_instance *it, uint32_t index, double value) {
  (void)index;
  it->gain = (float)value;
}

/* Forgets the past: a gain has none. */
static void reset(aw_instance *it) { (void)it; }

static void destroy(aw_instance *it) { free(it); }

static const aw_port ports[] = {
    {.name = "in", .dir = aw_dir_IN, .kind = aw_kind_AUDIO},
    {.name = "out", .dir = aw_dir_OUT, .kind = aw_kind_AUDIO},
};
static const aw_param params[] = {
    {.name = "gain", .doc = "Factor; may change while it plays", .ty = aw_type_FLOAT, .flags = aw_param_LIVE,
     .default_num = 0.5, .min = 0, .max = 10},
};
static const aw_worker worker = {
    .size = sizeof worker, .id = "{{name}}", .summary = "Makes audio louder or softer",
    .ports = ports, .port_count = sizeof ports / sizeof *ports,
    .params = params, .param_count = sizeof params / sizeof *params,
    .create = create, .prepare = prepare, .process = process, .set_param = set_param, .reset = reset,
    .destroy = destroy,
};
static const aw_worker *const workers[] = {&worker};
static const aw_library library = {AW_ABI_MAJOR, AW_ABI_MINOR, sizeof library, 1, workers, NULL};

const aw_library *aw_entry(uint32_t major, uint32_t minor) {
  (void)minor;
  return major == AW_ABI_MAJOR ? &library : NULL;
}
