/* A default of infinity, in a range without end. */
#include "good.h"

static void spoil(void) {
  params[0].default_num = INFINITY;
  params[0].max = INFINITY;
}
