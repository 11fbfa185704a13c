/* A worker that must hear the whole: it divides by the loudest sample of the recording, which is known at its end only.
   A replay plays the recording once before, unheard; live it is refused, unless the loudest so far will do. */
#include "worker.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct aw_instance {
  uint32_t channels;
  double peak;    /* how loud the loudest sample is to be */
  int recording;  /* the loudest of the recording, or of what was heard so far */
  float learned;  /* the loudest of the run before; 0 if there was none */
  float heard;    /* the loudest so far */
};

static aw_status create(const aw_host *host, const aw_value *values, aw_instance **out) {
  aw_instance *it = calloc(1, sizeof *it);
  (void)host;
  if (!it) return aw_status_ERROR;
  it->peak = values[0].num, it->recording = !strcmp(values[1].text, "recording");
  return *out = it, aw_status_OK;
}
static aw_status prepare(aw_instance *it, aw_setup *setup) {
  it->channels = setup->inputs[0].format.channels;
  setup->outputs[0].format = setup->inputs[0].format;
  /* A host of version 1.0 does not know this, and `size` says so. */
  if (it->recording && setup->size >= sizeof *setup) {
    setup->rehearsals = 1;
    setup->rehearsals_why =
      "`level.over` is \"recording\", whose loudest sample is known at its end; \"heard\" divides by the loudest so far";
  }
  return aw_status_OK;
}
static aw_status process(aw_instance *it, const aw_block *block) {
  const aw_buffer in = block->inputs[0], out = block->outputs[0];
  for (uint32_t i = 0; i < out.frames; i++) {
    for (uint32_t c = 0; c < it->channels; c++)
      it->heard = fmaxf(it->heard, fabsf(((const float *)in.data)[(size_t)c * in.stride + i]));
    const float loudest = !it->recording ? it->heard : it->learned;
    for (uint32_t c = 0; c < it->channels; c++) {
      const float x = ((const float *)in.data)[(size_t)c * in.stride + i];
      ((float *)out.data)[(size_t)c * out.stride + i] = loudest > 0 ? (float)(x * it->peak / loudest) : x;
    }
  }
  return aw_status_OK;
}
static void reset(aw_instance *it) { it->learned = it->heard = 0; }
static void rewind_(aw_instance *it) { it->learned = it->heard, it->heard = 0; }
static void destroy(aw_instance *it) { free(it); }

static const aw_port ports[] = {{.name = "in", .dir = aw_dir_IN, .kind = aw_kind_AUDIO},
                                {.name = "out", .dir = aw_dir_OUT, .kind = aw_kind_AUDIO}};
static const char *const overs[] = {"recording", "heard", NULL};
static const aw_param params[] = {
  {.name = "level.peak", .doc = "How loud the loudest sample is to be", .ty = aw_type_FLOAT, .default_num = 1,
   .min = 0, .max = 1},
  {.name = "level.over", .doc = "What the loudest sample is looked for in", .ty = aw_type_TEXT,
   .default_text = "recording", .choices = (const char *const *)overs},
  {.name = "note", .doc = "Anything", .ty = aw_type_TEXT, .default_text = ""}};
static const aw_pair half[] = {{"level.peak", "0.5"}}, live[] = {{"level.over", "\"heard\""}, {"level.peak", "0.25"}};
static const aw_preset presets[] = {{"half", "Leaves room above", half, 1}, {"live", "Needs no second run", live, 2}};
static const aw_worker normalize = {.size = sizeof normalize, .id = "normalize",
  .summary = "Makes the loudest sample as loud as it is told", .ports = ports, .port_count = 2, .params = params,
  .param_count = 3, .create = create, .prepare = prepare, .process = process, .reset = reset, .destroy = destroy,
  .rewind = rewind_, .presets = presets, .preset_count = 2};
static const aw_worker *const workers[] = {&normalize};
static const aw_library library = {AW_ABI_MAJOR, AW_ABI_MINOR, sizeof library, 1, workers, NULL};
const aw_library *aw_entry(uint32_t abi, uint32_t minor) { return (void)minor, abi == AW_ABI_MAJOR ? &library : NULL; }
