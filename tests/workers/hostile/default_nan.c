/* A default that is no number. */
#include "good.h"

static void spoil(void) {
  params[0].default_num = NAN;
}
