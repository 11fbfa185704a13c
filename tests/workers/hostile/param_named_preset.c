/* A parameter called as the key that takes a preset. */
#include "good.h"

static aw_pair values[2] = {{"gain", "0.5"}, {"knee", "\"hard\""}};
static aw_preset presets[2] = {{"quiet", "Half as loud", values, 2}, {"plain", "As it is", NULL, 0}};

static void spoil(void) {
  worker.presets = presets, worker.preset_count = 2;
  params[0].name = "preset", values[0].key = "preset";
}
