/* A worker in plain C: a one-pole low-pass, y += a (x - y) with a = 1 - exp(-2 pi cutoff / rate), whose cutoff may be
   changed while it plays. `worker.h` is all it needs:  cc -shared -fPIC -I workers/abi smooth.c -lm -o libsmooth.so */
#include "worker.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct aw_instance { /* ours alone: the host only carries the pointer */
  const aw_host *host;
  double cutoff, rate;
  float a, *past; /* the last output of each channel */
  uint32_t channels;
};

static void tune(aw_instance *it) { it->a = (float)-expm1(-6.283185307179586 * it->cutoff / it->rate); }
static aw_status refuse(const aw_host *host, const char *why) { /* an error is a message and a status */
  if (host->log) host->log(host->ctx, aw_level_ERROR, why, strlen(why));
  return aw_status_ERROR;
}
static aw_status create(const aw_host *host, const aw_value *values, aw_instance **out) {
  aw_instance *it = calloc(1, sizeof *it);
  if (!it) return refuse(host, "no memory left");
  it->host = host, it->cutoff = values[0].num;
  *out = it;
  return aw_status_OK;
}
static aw_status prepare(aw_instance *it, aw_setup *setup) { /* all memory is taken here, none in `process` */
  const aw_format audio = setup->inputs[0].format;
  it->rate = (double)audio.rate_num / audio.rate_den;
  if (it->cutoff >= it->rate / 2) return refuse(it->host, "`cutoff` must be below half the sample rate of `in`");
  float *past = calloc(audio.channels, sizeof *past);
  if (!past) return refuse(it->host, "no memory left");
  free(it->past);
  it->past = past, it->channels = audio.channels;
  setup->outputs[0].format = audio;
  setup->inputs[0].frames = setup->outputs[0].frames = 0; /* as many samples as there are */
  return tune(it), aw_status_OK;
}
static aw_status process(aw_instance *it, const aw_block *block) {
  for (uint32_t c = 0; c < it->channels; c++) {
    const float *x = (const float *)block->inputs[0].data + (size_t)c * block->inputs[0].stride;
    float *y = (float *)block->outputs[0].data + (size_t)c * block->outputs[0].stride, past = it->past[c];
    for (uint32_t i = 0; i < block->outputs[0].frames; i++) y[i] = past += it->a * (x[i] - past);
    it->past[c] = past;
  }
  return aw_status_OK;
}
static void set_param(aw_instance *it, uint32_t index, double value) { (void)index, it->cutoff = value, tune(it); }
static void reset(aw_instance *it) { memset(it->past, 0, it->channels * sizeof *it->past); }
static void destroy(aw_instance *it) { free(it->past), free(it); }
static const aw_port ports[] = {{.name = "in", .dir = aw_dir_IN, .kind = aw_kind_AUDIO},
                                {.name = "out", .dir = aw_dir_OUT, .kind = aw_kind_AUDIO}};
static const aw_param params[] = {{.name = "cutoff", .unit = "Hz", .doc = "Half the power gets through here",
  .ty = aw_type_FLOAT, .flags = aw_param_LIVE, .default_num = 1000, .min = 1, .max = 96000}};
static const aw_worker smooth = {.size = sizeof smooth, .id = "smooth", .summary = "A low-pass with one pole",
  .ports = ports, .port_count = 2, .params = params, .param_count = 1, .create = create, .prepare = prepare,
  .process = process, .set_param = set_param, .reset = reset, .destroy = destroy};
static const aw_worker *const workers[] = {&smooth};
static const aw_library library = {AW_ABI_MAJOR, AW_ABI_MINOR, sizeof library, 1, workers, NULL};
const aw_library *aw_entry(uint32_t abi, uint32_t minor) { return (void)minor, abi == AW_ABI_MAJOR ? &library : NULL; }
