/* A text that claims to be live; `set_param` carries numbers only. */
#include "good.h"

static void spoil(void) {
  params[1].flags = aw_param_LIVE;
}
