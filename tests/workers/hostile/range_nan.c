/* A range that begins at no number. */
#include "good.h"

static void spoil(void) {
  params[0].min = NAN;
}
