/* A range whose minimum is above its maximum. */
#include "good.h"

static void spoil(void) {
  params[0].min = 2;
  params[0].max = 0;
  params[0].default_num = 1;
}
