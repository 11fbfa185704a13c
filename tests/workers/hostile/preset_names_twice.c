/* Two presets of the same name. */
#include "good.h"

static aw_pair values[2] = {{"gain", "0.5"}, {"knee", "\"hard\""}};
static aw_preset presets[2] = {{"quiet", "Half as loud", values, 2}, {"plain", "As it is", NULL, 0}};

static void spoil(void) {
  worker.presets = presets, worker.preset_count = 2;
  presets[1].name = "quiet";
}
