/* A worker that runs models with several engines, of which each answers in its own way. */
#include "worker.h"
#include <stdlib.h>
#include <string.h>

struct aw_instance {
  const aw_host *host;
  int narrow; /* takes no more than one value a frame */
};

static void say(const aw_host *host, aw_level level, const char *text) { host->log(host->ctx, level, text, strlen(text)); }

static aw_status create(const aw_host *host, const aw_value *values, aw_instance **out) {
  const char *engine = values[1].text;
  if (!strcmp(engine, "auto")) abort(); /* nobody is to ask for it */
  if (!strcmp(engine, "crashing")) *(volatile int *)NULL = 1;
  if (!strcmp(engine, "endless"))
    for (volatile int i = 0;; i++) {}
  if (!strcmp(engine, "picky")) return say(host, aw_level_ERROR, "this engine has no operator `GRU`"), aw_status_ERROR;
  if (!strstr(values[0].text, ".onnx")) return say(host, aw_level_ERROR, "this is no path of a model"), aw_status_ERROR;
  aw_instance *it = calloc(1, sizeof *it);
  if (!it) return aw_status_ERROR;
  it->host = host, it->narrow = !strcmp(engine, "narrow");
  /* The node's own words arrive: one state, one output. */
  if (values[2].len != 1 || strcmp(values[2].table[0].key, "h") || strcmp(values[2].table[0].text, "h_next")) abort();
  if (values[3].len != 1 || strcmp(values[3].table[0].key, "out") || strcmp(values[3].table[0].text, "y")) abort();
  return *out = it, aw_status_OK;
}
static aw_status prepare(aw_instance *it, aw_setup *setup) {
  if (it->narrow && setup->inputs[0].format.dims[0] > 1)
    return say(it->host, aw_level_ERROR, "4 values are too many"), aw_status_ERROR;
  setup->inputs[0].frames = setup->outputs[0].frames = 1;
  setup->outputs[0].format = setup->inputs[0].format;
  say(it->host, aw_level_INFO, "version 9 on one thread");
  return aw_status_OK;
}
static aw_status process(aw_instance *it, const aw_block *block) { return (void)it, (void)block, aw_status_OK; }
static void reset(aw_instance *it) { (void)it; }
static void destroy(aw_instance *it) { free(it); }

static const aw_port ports[] = {
  {.name = "in", .dir = aw_dir_IN, .kind = aw_kind_ANY, .flags = aw_port_MANY},
  {.name = "out", .dir = aw_dir_OUT, .kind = aw_kind_ANY, .flags = aw_port_MANY}};
static const char *const engines[] = {"auto", "good", "picky", "narrow", "crashing", "endless", NULL};
static const aw_param params[] = {
  {.name = "model", .doc = "The file", .ty = aw_type_PATH, .flags = aw_param_REQUIRED},
  {.name = "engine", .doc = "What runs it", .ty = aw_type_TEXT, .default_text = "auto",
   .choices = (const char *const *)engines},
  {.name = "state", .doc = "Input = output", .ty = aw_type_TABLE},
  {.name = "out", .doc = "Port = output", .ty = aw_type_TABLE, .flags = aw_param_NAMES_OUTPUTS}};
static const aw_worker runner = {.size = sizeof runner, .id = "runner", .summary = "Has many engines", .ports = ports,
  .port_count = 2, .params = params, .param_count = 4, .create = create, .prepare = prepare, .process = process,
  .reset = reset, .destroy = destroy};
static const aw_worker *const workers[] = {&runner};
static const aw_library library = {AW_ABI_MAJOR, AW_ABI_MINOR, sizeof library, 1, workers, NULL};
const aw_library *aw_entry(uint32_t abi, uint32_t minor) { return (void)minor, abi == AW_ABI_MAJOR ? &library : NULL; }
